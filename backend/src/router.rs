//! Every route and every layer, on one page.

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;

use crate::app::App;
use crate::error::ApiError;
use crate::routes::{health, messages};

/// The longest text and author in four-byte characters, with JSON around them, fit well.
const BODY_LIMIT: usize = 16 * 1024;
/// Longer than the store gives all tries of one operation.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The whole API.
pub fn router(app: App) -> Router {
    Router::new()
        .route(api::MESSAGES, get(messages::list).post(messages::post))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(time_limit))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
                .on_response(DefaultOnResponse::new().level(Level::INFO)),
        )
        // Below the layers: probes come every few seconds and are not worth a log line.
        .route(api::HEALTHZ, get(health::live))
        .route(api::READYZ, get(health::ready))
        .route(api::VERSION, get(health::version))
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::Method)
        .with_state(app)
}

async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::TooSlow(REQUEST_TIMEOUT).into_response(),
    }
}
