//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::Store;

/// Cheap to clone: handlers get their own.
#[derive(Clone, Debug)]
pub struct App {
    /// The messages.
    pub store: Store,
    /// Commit the program was built from.
    pub commit: Arc<str>,
    /// Environment it runs in.
    pub environment: Arc<str>,
    draining: Arc<AtomicBool>,
}

impl App {
    /// An application that serves `store`.
    pub fn new(store: Store, commit: &str, environment: &str) -> Self {
        Self {
            store,
            commit: commit.into(),
            environment: environment.into(),
            draining: Arc::default(),
        }
    }

    /// From now on readiness fails, while requests are still served.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
