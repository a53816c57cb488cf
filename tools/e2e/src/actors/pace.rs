//! Something that is begun again and again at a steady pace, whether or not what was begun before
//! has ended.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// A task that begins things. Dropping it ends it, and everything it has begun, at once.
pub(crate) struct Pace {
    stop: oneshot::Sender<()>,
    task: JoinSet<()>,
}

impl Pace {
    /// Begins `next(0)` now, `next(1)` after `every`, and so on. After a pause of the whole process
    /// it goes on at the same pace.
    pub(crate) fn start<F>(every: Duration, mut next: impl FnMut(usize) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, mut stopped) = oneshot::channel();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut begun = JoinSet::new();
            let mut clock = tokio::time::interval(every);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for number in 0_usize.. {
                tokio::select! {
                    _ = &mut stopped => break,
                    _ = clock.tick() => {}
                }
                // Those that have ended take no memory.
                while begun.try_join_next().is_some() {}
                begun.spawn(next(number));
            }
            begun.join_all().await;
        });
        Self { stop, task }
    }

    /// Begins no more, and waits for the end of what was begun.
    pub(crate) async fn stop(mut self) -> Result<()> {
        // If nobody listens, the task has ended already, and the next line says why.
        let _ = self.stop.send(());
        let ended = self.task.join_next().await.context("it was never started")?;
        ended.context("it has ended by itself")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const EVERY: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn what_was_begun_has_ended_when_it_is_stopped() {
        let (begun, ended) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counters = (Arc::clone(&begun), Arc::clone(&ended));
        let pace = Pace::start(EVERY, move |_| {
            let (begun, ended) = counters.clone();
            async move {
                begun.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(EVERY * 20).await;
                ended.fetch_add(1, Ordering::SeqCst);
            }
        });
        while begun.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(EVERY).await;
        }
        pace.stop().await.unwrap();
        let begun = begun.load(Ordering::SeqCst);
        assert!(begun > 1 && begun == ended.load(Ordering::SeqCst), "{begun}");
    }

    #[tokio::test]
    async fn nothing_goes_on_after_a_drop() {
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let pace = Pace::start(EVERY, move |_| {
            let inside = Arc::clone(&inside);
            async move {
                std::future::pending::<()>().await;
                drop(inside);
            }
        });
        tokio::time::sleep(EVERY * 10).await;
        drop(pace);
        for _ in 0..1000 {
            if Arc::strong_count(&held) == 1 {
                return;
            }
            tokio::time::sleep(EVERY).await;
        }
        panic!("{} still hold it", Arc::strong_count(&held) - 1);
    }

    #[tokio::test]
    async fn a_panic_of_its_own_is_an_error() {
        let pace = Pace::start(EVERY, |_| -> std::future::Ready<()> { panic!("no next one") });
        tokio::time::sleep(EVERY * 10).await;
        let error = pace.stop().await.unwrap_err();
        assert!(format!("{error:#}").contains("ended by itself"), "{error:#}");
    }
}
