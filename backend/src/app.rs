//! What all requests share.

use std::sync::Arc;

use axum::body::Bytes;
use serverkit::metrics::Metrics;
use serverkit::shutdown::Draining;

use crate::routes::health::Readiness;
use crate::shared::Shared;
use crate::store::Store;

/// Cheap to clone: handlers get their own.
#[derive(Clone, Debug)]
pub struct App {
    /// The messages.
    pub store: Store,
    /// The first page of messages as it is answered: what every visitor asks for.
    pub(crate) first_page: Shared<Bytes>,
    /// Commit the program was built from.
    pub commit: Arc<str>,
    /// Environment it runs in.
    pub environment: Arc<str>,
    /// Whether this process is on its way down.
    pub draining: Draining,
    /// What it last said of itself to who asked whether it is ready.
    pub(crate) readiness: Readiness,
    /// What it measures.
    pub metrics: Metrics,
}

impl App {
    /// An application that serves `store`.
    pub fn new(store: Store, commit: &str, environment: &str) -> Self {
        Self {
            store,
            first_page: Shared::default(),
            commit: commit.into(),
            environment: environment.into(),
            draining: Draining::default(),
            readiness: Readiness::default(),
            metrics: Metrics::default(),
        }
    }
}
