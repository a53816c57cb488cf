//! Watches the newest messages for all who listen: one question a second for the whole process,
//! none while nobody listens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::MessageList;
use app::backend::Backend;
use tokio::sync::watch;

/// Between two questions to the backend.
const EVERY: Duration = Duration::from_secs(1);
/// Questions in a row that go unanswered before the backend counts as away: one alone is a
/// connection that a rollout cut, and every visitor would be told.
const MISSES: u32 = 3;

/// The newest messages as they were last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// One page, newest first; older than `reachable` while the backend does not answer.
    pub(crate) list: Arc<MessageList>,
    /// Whether the backend answered.
    pub(crate) reachable: bool,
}

/// The watch over one backend. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Newest(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    backend: Backend,
    /// `None` until the first answer after a time in which nobody listened.
    latest: watch::Sender<Option<Snapshot>>,
    /// Held to begin and to end: nobody may subscribe to a watch that is about to end.
    watching: Mutex<bool>,
}

impl Newest {
    pub(crate) fn of(backend: Backend) -> Self {
        Self(Arc::new(Shared {
            backend,
            latest: watch::Sender::new(None),
            watching: Mutex::new(false),
        }))
    }

    /// Listens until the receiver is dropped. A receiver sees the latest state, and may skip states
    /// between.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<Snapshot>> {
        let mut watching = self.0.watching.lock().unwrap_or_else(PoisonError::into_inner);
        if !*watching {
            *watching = true;
            // What was seen long ago is not the state.
            self.0.latest.send_replace(None);
            tokio::spawn(Arc::clone(&self.0).watch());
        }
        self.0.latest.subscribe()
    }
}

impl Shared {
    async fn watch(self: Arc<Self>) {
        let mut missed = 0;
        loop {
            self.look(&mut missed).await;
            tokio::time::sleep(EVERY).await;
            let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
            if self.latest.receiver_count() == 0 {
                *watching = false;
                return;
            }
        }
    }

    async fn look(&self, missed: &mut u32) {
        let answer = self.backend.list(None).await.ok();
        *missed = if answer.is_some() { 0 } else { *missed + 1 };
        let away = *missed >= MISSES;
        self.latest.send_if_modified(|latest| {
            let known = latest.as_ref().map(|snapshot| Arc::clone(&snapshot.list));
            // Where nothing is known yet, one question is all there is to go by.
            let reachable = answer.is_some() || latest.as_ref().is_some_and(|seen| seen.reachable && !away);
            let list = answer.map(Arc::new).or(known).unwrap_or_default();
            let seen = Some(Snapshot { list, reachable });
            let changed = *latest != seen;
            *latest = seen;
            changed
        });
    }
}
