//! Whether this replica lives and is ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serverkit::shutdown::Draining;

/// Ready once the hub has answered. Clones share one state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    answered: Arc<AtomicBool>,
    draining: Draining,
}

impl Health {
    pub(crate) fn new(draining: &Draining) -> Self {
        Self {
            answered: Arc::default(),
            draining: draining.clone(),
        }
    }

    /// The hub has said who is at work.
    pub(crate) fn hub_answers(&self, answers: bool) {
        self.answered.store(answers, Ordering::Relaxed);
    }

    /// Why it is not ready, if so.
    pub(crate) fn refusal(&self) -> Option<&'static str> {
        if self.draining.has_begun() {
            return Some("shutting down");
        }
        let answers = self.answered.load(Ordering::Relaxed);
        (!answers).then_some("the hub does not answer")
    }

    /// The paths that the cluster asks for.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route(api::HEALTHZ, get(async || "ok"))
            .route(api::READYZ, get(ready))
            .with_state(self.clone())
    }
}

async fn ready(State(health): State<Health>) -> Result<&'static str, (StatusCode, &'static str)> {
    match health.refusal() {
        Some(why) => Err((StatusCode::SERVICE_UNAVAILABLE, why)),
        None => Ok("ok"),
    }
}
