//! One reading for all who ask at the same time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// Whoever has waited so long for the reading of another reads for itself: a table that is slow or
/// away must not make its readers queue.
const PATIENCE: Duration = Duration::from_millis(50);

/// What many ask for at once. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Shared<T>(Arc<Mutex<Option<Reading<T>>>>);

#[derive(Debug)]
struct Reading<T> {
    begun: Instant,
    value: T,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Shared<T> {
    /// What `read` gives, or another caller's `read` that was begun after this call: nobody sees
    /// what was there before it asked. A failure is told to its own caller only.
    pub(crate) async fn get<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let asked = Instant::now();
        // Held while reading: who comes meanwhile waits, and the first of them reads for the rest.
        let Ok(mut last) = tokio::time::timeout(PATIENCE, self.0.lock()).await else {
            return read.await;
        };
        if let Some(reading) = last.as_ref().filter(|reading| reading.begun > asked) {
            return Ok(reading.value.clone());
        }
        let begun = Instant::now();
        let value = read.await?;
        *last = Some(Reading {
            begun,
            value: value.clone(),
        });
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Takes `takes` and gives how many readings there were with it.
    async fn count(readings: &AtomicU32, takes: Duration) -> Result<u32, Infallible> {
        let number = readings.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(takes).await;
        Ok(number)
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_during_a_reading_shares_the_next_one() {
        let (shared, readings) = (Shared::default(), AtomicU32::new(0));
        let read = || shared.get(count(&readings, PATIENCE / 10));
        let seen = tokio::join!(read(), read(), read(), read());
        let seen = [seen.0, seen.1, seen.2, seen.3].map(Result::unwrap);
        assert_eq!(seen, [1, 2, 2, 2], "the first had begun when the others came");
        assert_eq!(read().await.unwrap(), 3, "what was read before is not kept");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reading_keeps_nobody() {
        let (shared, readings) = (Shared::default(), AtomicU32::new(0));
        let slow = shared.get(count(&readings, PATIENCE * 1000));
        let quick = async {
            tokio::time::sleep(PATIENCE / 10).await;
            shared.get(count(&readings, Duration::ZERO)).await
        };
        tokio::select! {
            _ = slow => panic!("the slow one was waited for"),
            seen = quick => assert_eq!(seen.unwrap(), 2),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_and_a_caller_who_leaves_are_their_own() {
        let shared = Shared::default();
        let (fails, works) = tokio::join!(
            shared.get(async {
                tokio::task::yield_now().await;
                Err("no")
            }),
            shared.get(async { Ok::<_, &str>(2) }),
        );
        assert_eq!((fails, works), (Err("no"), Ok(2)));
        let leaves = shared.get(std::future::pending::<Result<u32, &str>>());
        assert!(tokio::time::timeout(PATIENCE / 10, leaves).await.is_err());
        let next = shared.get(async { Ok::<_, &str>(3) });
        assert_eq!(tokio::time::timeout(PATIENCE / 2, next).await, Ok(Ok(3)));
    }
}
