//! Answers that break the document, each put in front of one operation.

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;

/// One way to break the document.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// Of the operations that it befalls.
    pub(crate) path: &'static str,
    /// Changes an answer.
    change: fn(&mut Response),
    /// What schemathesis calls it.
    pub(crate) finding: &'static str,
}

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        name: "an_undocumented_status",
        path: api::VERSION,
        change: |response| *response.status_mut() = StatusCode::ACCEPTED,
        finding: "Undocumented status code",
    },
    Fault {
        name: "a_5xx_although_documented",
        path: api::READYZ,
        change: |response| *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
        finding: "Server error",
    },
    Fault {
        name: "a_body_of_another_shape",
        path: api::VERSION,
        change: |response| *response.body_mut() = Body::from(r#"{"commit": 1}"#),
        finding: "Response violates schema",
    },
    Fault {
        name: "an_undocumented_media_type",
        path: api::VERSION,
        change: |response| {
            let text = HeaderValue::from_static("text/plain");
            response.headers_mut().insert(CONTENT_TYPE, text);
        },
        finding: "Undocumented Content-Type",
    },
    Fault {
        name: "an_answer_to_a_forbidden_request",
        path: api::MESSAGES,
        change: |response| {
            if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
                *response.status_mut() = StatusCode::CREATED;
            }
        },
        finding: "Schema-violating request accepted",
    },
];

impl Fault {
    pub(crate) fn put_before(&'static self, router: Router) -> Router {
        router.layer(middleware::from_fn(
            async |request: axum::extract::Request, next: Next| {
                let befallen = request.uri().path() == self.path;
                let mut response = next.run(request).await;
                if befallen {
                    // The body may have another length now.
                    response.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
                    (self.change)(&mut response);
                }
                response
            },
        ))
    }
}
