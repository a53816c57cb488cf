//! When to stop: SIGTERM from the cluster, SIGINT from a terminal.

use tokio::signal::unix::{SignalKind, signal};

/// Waits until somebody asks the process to stop. As process 1 of a container it would not die of a signal by itself.
pub(crate) async fn requested() {
    let mut terminate = signal(SignalKind::terminate()).expect("a process may listen for SIGTERM");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a process may listen for SIGINT");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
