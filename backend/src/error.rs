//! Errors of the API and the one place where they become answers (`application/problem+json`).
//!
//! What went wrong inside is logged here, once; the client learns only what it can act on.

use api::Problem;
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serverkit::request;

use crate::store::StoreError;

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is not what the path takes.
    #[error("{}", .0.body_text())]
    Body(#[from] JsonRejection),
    /// The query string is not what the path takes.
    #[error("{}", .0.body_text())]
    Query(#[from] QueryRejection),
    /// A field breaks a rule.
    #[error("{0}")]
    Refused(String),
    /// No such path.
    #[error("nothing is served at this path")]
    NotFound,
    /// The path knows other methods.
    #[error("this path does not take that method")]
    Method,
    /// A handler panicked; what and where is in the log.
    #[error("the server failed at this request")]
    Panic,
    /// The request took too long.
    #[error("the request was not done within {} s", .0.as_secs())]
    TooSlow(std::time::Duration),
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
            Self::Query(rejection) => rejection.status(),
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooSlow(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Store(StoreError::Cursor(_)) => StatusCode::BAD_REQUEST,
            Self::Store(StoreError::Taken(_)) => StatusCode::CONFLICT,
            Self::Store(StoreError::Unavailable { .. }) | Self::NotReady(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let detail = self.to_string();
        if let Self::Store(error @ StoreError::Unavailable { .. }) = self {
            tracing::error!(
                error = format!("{:#}", anyhow::Error::from(error)),
                "the table did not answer"
            );
        }
        let problem = Problem {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or_default().into(),
            status: status.as_u16(),
            detail,
            errors: Vec::new(),
            request_id: request::current().map(|ids| ids.request_id().to_owned()),
        };
        let mut response = (status, Json(problem)).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(Problem::CONTENT_TYPE),
        );
        response
    }
}
