//! Tells live from ready, and which commit serves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::Version;
use axum::Json;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

/// The switch that fails readiness.
#[derive(Clone, Debug, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on readiness fails, while requests are still served.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Readiness does not ask the backend: a page that says what is wrong is better than no page.
pub(crate) fn routes(draining: Draining, version: Version) -> Router {
    Router::new()
        .route(api::HEALTHZ, get(async || "ok"))
        .route(
            api::READYZ,
            get(async move || {
                if draining.0.load(Ordering::Relaxed) {
                    (StatusCode::SERVICE_UNAVAILABLE, "shutting down")
                } else {
                    (StatusCode::OK, "ok")
                }
            }),
        )
        .route(api::VERSION, get(async move || Json(version)))
}
