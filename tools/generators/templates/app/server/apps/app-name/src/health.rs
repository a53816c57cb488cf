//! Tells live from ready, and which commit serves.

use api::Version;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serverkit::request;
use serverkit::shutdown::Draining;

/// The paths that the probes and the e2e ask.
pub(crate) fn routes(draining: Draining, version: Version) -> Router {
    let ready = async move || {
        if draining.has_begun() {
            (StatusCode::SERVICE_UNAVAILABLE, "shutting down")
        } else {
            (StatusCode::OK, "ok")
        }
    };
    let routes = Router::new()
        .route(api::HEALTHZ, get(async || "ok"))
        .route(api::READYZ, get(ready))
        .route(api::VERSION, get(async move || Json(version)));
    request::quiet(routes)
}
