//! Problems that several operations answer with, as the `OpenAPI` document describes them.
#![expect(dead_code, reason = "the macros read the variants; nobody makes one")]

use api::Problem;
use utoipa::IntoResponses;

/// Of every operation that asks the table.
#[derive(IntoResponses)]
pub(crate) enum Table {
    /// The table throttles or cannot be reached, or this process should get no requests
    #[response(status = 503, content_type = "application/problem+json",
        headers(("Retry-After" = u32, description = "Seconds after which to ask again")))]
    Unavailable(Problem),
    /// The table did not answer in time; a write may have been done
    #[response(status = 504, content_type = "application/problem+json")]
    Slow(Problem),
}

/// Of operations on one message.
#[derive(IntoResponses)]
pub(crate) enum Missing {
    /// There is no such message
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// Of operations that take a query string.
#[derive(IntoResponses)]
pub(crate) enum Query {
    /// A parameter is malformed
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
}

/// Of operations that change what somebody read.
#[derive(IntoResponses)]
pub(crate) enum Revision {
    /// The message is not at the revision of `If-Match`
    #[response(status = 412, content_type = "application/problem+json")]
    Changed(Problem),
    /// `If-Match` is missing
    #[response(status = 428, content_type = "application/problem+json")]
    Required(Problem),
}

/// Of operations that take a body.
#[derive(IntoResponses)]
pub(crate) enum Body {
    /// The body is no JSON, or a header is malformed
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The body did not arrive in time
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(Problem),
    /// The body is too long
    #[response(status = 413, content_type = "application/problem+json")]
    Long(Problem),
    /// The body is not declared as JSON
    #[response(status = 415, content_type = "application/problem+json")]
    Undeclared(Problem),
    /// Fields break rules; `errors` says which
    #[response(status = 422, content_type = "application/problem+json")]
    Fields(Problem),
}
