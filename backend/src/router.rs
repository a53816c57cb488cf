//! Every route and every layer, on one page.

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use serverkit::request;

use crate::app::App;
use crate::error::ApiError;
use crate::routes::{document, health, messages};

/// The longest text and author in four-byte characters, with JSON around them, fit well.
const BODY_LIMIT: usize = 16 * 1024;
/// Longer than a body may take and all tries of one operation of the store together.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The whole API.
pub fn router(app: App) -> Router {
    let (draining, metrics) = (app.draining.clone(), app.metrics.clone());
    let messages = Router::new()
        .route(api::MESSAGES, get(messages::list).post(messages::post))
        .route(
            api::MESSAGE,
            get(messages::get).put(messages::put).delete(messages::delete),
        )
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(time_limit));
    let facts = Router::new()
        .route(api::HEALTHZ, get(health::live))
        .route(api::READYZ, get(health::ready))
        .route(api::VERSION, get(health::version))
        .route(api::OPENAPI, get(document::show));
    let router = messages
        .merge(request::quiet(facts))
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::Method)
        .with_state(app);
    serverkit::layers(router, &draining, &metrics)
}

async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::TooSlow(REQUEST_TIMEOUT).into_response(),
    }
}
