//! Errors of the API and the one place where they become answers (`application/problem+json`).
//!
//! What went wrong inside is logged here, once; the client learns only what it can act on.

use std::time::Duration;

use api::{FieldError, Problem};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serverkit::request;

use crate::store::StoreError;

/// Seconds after which a client may ask again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is no JSON, too long, or of another media type.
    #[error("{}", .0.body_text())]
    Body(#[from] JsonRejection),
    /// The body did not come in time.
    #[error("the body did not arrive within {} s", .0.as_secs())]
    SlowBody(Duration),
    /// The body is JSON of another shape.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// Fields break rules.
    #[error("{}", joined(.0))]
    Fields(Vec<FieldError>),
    /// The query string is not what the path takes.
    #[error("{}", .0.body_text())]
    Query(#[from] QueryRejection),
    /// The page asked for is too large or has no messages.
    #[error("limit must be 1 to {}", api::MAX_LIMIT)]
    Limit,
    /// The idempotency key is malformed.
    #[error(
        "{} must be one key of 1 to 255 visible ASCII characters",
        api::IDEMPOTENCY_KEY
    )]
    Key,
    /// A change that does not say of which revision.
    #[error("send the ETag of the message as If-Match, so that no other change is lost")]
    NoIfMatch,
    /// No such path.
    #[error("nothing is served at this path")]
    NotFound,
    /// The path knows other methods.
    #[error("this path does not take that method")]
    Method,
    /// The request took too long.
    #[error("the request was not done within {} s", .0.as_secs())]
    TooSlow(Duration),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This process should get no requests now.
    #[error("{0}")]
    NotReady(String),
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Body(rejection) => rejection.status(),
            Self::SlowBody(_) => StatusCode::REQUEST_TIMEOUT,
            Self::NotAnObject | Self::Fields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Query(_) | Self::Limit | Self::Key | Self::Store(StoreError::Cursor) => {
                StatusCode::BAD_REQUEST
            }
            Self::NoIfMatch => StatusCode::PRECONDITION_REQUIRED,
            Self::NotFound | Self::Store(StoreError::NotFound) => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow(_) | Self::Store(StoreError::Slow { .. }) => StatusCode::GATEWAY_TIMEOUT,
            Self::Store(StoreError::KeyUsed(_)) => StatusCode::CONFLICT,
            Self::Store(StoreError::Changed(_)) => StatusCode::PRECONDITION_FAILED,
            Self::Store(StoreError::Unavailable { .. }) | Self::NotReady(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// Logs what the client is not told.
    fn log(&self) {
        if let Self::Store(error @ (StoreError::Unavailable { .. } | StoreError::Slow { .. })) = self {
            let error = chain(error);
            tracing::error!(error, "the table did not answer");
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let status = self.status();
        let problem = Problem {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or_default().into(),
            status: status.as_u16(),
            detail: self.to_string(),
            errors: match self {
                Self::Fields(errors) => errors,
                _ => Vec::new(),
            },
            request_id: request::current().map(|ids| ids.request_id().to_owned()),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(Problem::CONTENT_TYPE),
        );
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

fn joined(errors: &[FieldError]) -> String {
    let sentence = |error: &FieldError| format!("{} {}", error.field, error.detail);
    errors.iter().map(sentence).collect::<Vec<_>>().join("; ")
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
