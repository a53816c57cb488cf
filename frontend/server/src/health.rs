//! Tells live from ready, and which commit serves.

use api::Version;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serverkit::request;
use serverkit::shutdown::Draining;

/// Readiness does not ask the backend: a page that says what is wrong is better than no page.
pub(crate) fn routes(draining: Draining, version: Version) -> Router {
    let routes = Router::new()
        .route(api::HEALTHZ, get(async || "ok"))
        .route(
            api::READYZ,
            get(async move || {
                if draining.has_begun() {
                    (StatusCode::SERVICE_UNAVAILABLE, "shutting down")
                } else {
                    (StatusCode::OK, "ok")
                }
            }),
        )
        .route(api::VERSION, get(async move || Json(version)));
    request::quiet(routes)
}
