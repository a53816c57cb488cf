//! The body of a request: whole, within a size and a time, before anybody waits for it.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The longest text and author, every byte of them escaped, fit well. On the bytes themselves:
/// server functions read the body past axum's own limit.
const LIMIT: usize = 32 * 1024;
/// A body of this size comes in a few packets.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The middleware.
pub(crate) async fn whole(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match tokio::time::timeout(TIMEOUT, to_bytes(body, LIMIT)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(head, Body::from(bytes))).await,
        // Or it broke off; then nobody reads this.
        Ok(Err(_)) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}
