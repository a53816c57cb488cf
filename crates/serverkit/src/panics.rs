//! The answer of a handler that panicked: that it did, and the id by which its lines are found in
//! the log. No more.

use std::any::Any;

use api::Problem;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::request;

/// `panic` is in the log already, with its place.
pub(crate) fn answer(_panic: Box<dyn Any + Send>) -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let problem = Problem {
        kind: "about:blank".into(),
        title: status.canonical_reason().unwrap_or_default().into(),
        status: status.as_u16(),
        detail: "the server failed at this request".into(),
        errors: Vec::new(),
        request_id: request::current().map(|ids| ids.request_id().to_owned()),
    };
    let kind = HeaderValue::from_static(Problem::CONTENT_TYPE);
    (status, [(header::CONTENT_TYPE, kind)], Json(problem)).into_response()
}
