//! Watches the newest messages for all who listen: one question a second for the whole process,
//! none while nobody listens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::MessageList;
use app::backend::Backend;
use tokio::sync::watch;

/// Between two questions to the backend.
const EVERY: Duration = Duration::from_secs(1);

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
        loop {
            self.look().await;
            tokio::time::sleep(EVERY).await;
            let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
            if self.latest.receiver_count() == 0 {
                *watching = false;
                return;
            }
        }
    }

    async fn look(&self) {
        let answer = self.backend.list(None).await.ok();
        self.latest.send_if_modified(|latest| {
            let known = latest.as_ref().map(|snapshot| Arc::clone(&snapshot.list));
            let reachable = answer.is_some();
            let list = answer.map(Arc::new).or(known).unwrap_or_default();
            let seen = Some(Snapshot { list, reachable });
            let changed = *latest != seen;
            *latest = seen;
            changed
        });
    }
}
