//! Going down in order: who asks for it, and who must know.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Waits until somebody asks the process to stop: SIGTERM from the cluster, SIGINT from a terminal.
///
/// As process 1 of a container it would not die of a signal by itself.
pub async fn requested() {
    let mut terminate = signal(SignalKind::terminate()).expect("a process may listen for SIGTERM");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a process may listen for SIGINT");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Whether the server is on its way down: readiness fails, requests are still served. Clones share
/// one state.
#[derive(Clone, Debug, Default)]
pub struct Draining(watch::Sender<bool>);

impl Draining {
    /// From now on the server is on its way down.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is on its way down.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is on its way down; for answers without an end, which would hold it up.
    pub async fn begun(&self) {
        // Cannot fail: the sender lives in `self`.
        self.0.subscribe().wait_for(|begun| *begun).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn clones_learn_of_the_drain_before_and_after_it() {
        let draining = Draining::default();
        let waiting = tokio::spawn({
            let draining = draining.clone();
            async move { draining.begun().await }
        });
        assert!(!draining.has_begun());
        draining.clone().begin();
        assert!(draining.has_begun());
        draining.begun().await;
        waiting.await.unwrap();
    }
}
