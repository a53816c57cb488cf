//! What every request passes, from the outside in: metrics, ids and log line, the end of kept
//! connections, panics.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;

use crate::metrics::{self, Metrics};
use crate::shutdown::Draining;
use crate::{panics, request};

/// Wraps all routes of `router` and its fallback; routes added later are not wrapped.
pub fn layers(router: Router, draining: &Draining, metrics: &Metrics) -> Router {
    router
        .layer(CatchPanicLayer::custom(panics::answer))
        .layer(middleware::from_fn_with_state(draining.clone(), end_connections))
        .layer(middleware::from_fn(request::identify))
        .layer(middleware::from_fn_with_state(metrics.clone(), metrics::measure))
}

/// On the way down each answer ends its connection. Whoever keeps one for later, a load balancer or
/// the frontend, would send a request over it just as the last of them are closed.
async fn end_connections(State(draining): State<Draining>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if draining.has_begun() {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
