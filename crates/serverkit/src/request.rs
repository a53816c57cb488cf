//! Gives each request its ids and its line in the log.
//!
//! The request id is what a person quotes; the trace id comes and goes by W3C `traceparent`. Both
//! are in every line that is logged while the request is served, on the answer (request id), and in
//! [`RequestIds`] for calls to other servers.

use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

/// The header of W3C Trace Context.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const REQUEST_ID: HeaderName = HeaderName::from_static(api::REQUEST_ID);
const LONGEST_REQUEST_ID: usize = 64;

tokio::task_local! {
    static CURRENT: RequestIds;
}

/// The ids of one request. Handlers find them in its extensions, code further down by [`current`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestIds {
    request_id: HeaderValue,
    /// 32 hex digits.
    trace_id: String,
    /// 16 hex digits: this server's part of the trace.
    span_id: String,
    /// 2 hex digits, passed on as they came; 1 means somebody records the trace.
    flags: String,
}

impl RequestIds {
    /// Takes the ids that came with the request; makes those that are missing or malformed.
    fn of(headers: &HeaderMap) -> Self {
        let span = Uuid::new_v4().simple().to_string();
        let (trace_id, flags) = headers
            .get(TRACEPARENT)
            .and_then(|value| trace(value.to_str().ok()?))
            .unwrap_or_else(|| (Uuid::new_v4().simple().to_string(), "00"));
        let request_id = headers
            .get(REQUEST_ID)
            .filter(|value| is_request_id(value.as_bytes()))
            .cloned()
            // One id fewer to look for.
            .unwrap_or_else(|| HeaderValue::from_str(&trace_id).expect("hex digits are a header value"));
        Self {
            request_id,
            trace_id,
            span_id: span[..16].to_owned(),
            flags: flags.to_owned(),
        }
    }

    /// The id a person quotes, 1 to 64 of `A-Z a-z 0-9 . _ -`.
    pub fn request_id(&self) -> &str {
        self.request_id.to_str().expect("request ids are ASCII")
    }

    /// The value of [`TRACEPARENT`] for a call to another server on behalf of this request.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{}", self.trace_id, self.span_id, self.flags)
    }
}

/// The ids of the request that this task serves, if it serves one.
pub fn current() -> Option<RequestIds> {
    CURRENT.try_with(Clone::clone).ok()
}

/// On an answer's extensions: it is logged at level `debug`, as one that comes every few seconds
/// and says nothing.
#[derive(Clone, Copy, Debug)]
struct Quiet;

/// Keeps the routes of `router` out of the log at its usual level: for probes and files.
pub fn quiet<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(middleware::map_response(async |mut response: Response| {
        response.extensions_mut().insert(Quiet);
        response
    }))
}

/// The middleware.
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let ids = RequestIds::of(request.headers());
    // Of the highest level, so that no filter leaves lines without ids.
    let span = tracing::error_span!(
        "request",
        request_id = ids.request_id(),
        trace_id = ids.trace_id,
        method = %request.method(),
        path = request.uri().path(),
    );
    request.extensions_mut().insert(ids.clone());
    let mut response = CURRENT
        .scope(ids.clone(), next.run(request))
        .instrument(span.clone())
        .await;

    let _entered = span.enter();
    let status = response.status().as_u16();
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    if response.extensions_mut().remove::<Quiet>().is_some() {
        tracing::debug!(status, duration_ms, "answered");
    } else {
        tracing::info!(status, duration_ms, "answered");
    }
    response.headers_mut().insert(REQUEST_ID, ids.request_id);
    response
}

fn is_request_id(value: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=LONGEST_REQUEST_ID).contains(&value.len()) && value.iter().all(allowed)
}

/// Trace id and flags of a `traceparent`. Newer versions may append fields and keep the first four.
fn trace(value: &str) -> Option<(String, &str)> {
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let mut parts = value.split('-');
    let (version, trace_id, parent_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let well_formed = hex(version, 2) && hex(trace_id, 32) && hex(parent_id, 16) && hex(flags, 2);
    let known = version != "ff" && (version != "00" || parts.next().is_none());
    (well_formed && known && !is_zero(trace_id) && !is_zero(parent_id)).then(|| (trace_id.to_owned(), flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pair = |(name, value): &(HeaderName, &str)| (name.clone(), value.parse().unwrap());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn ids_that_came_are_kept() {
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let ids = RequestIds::of(&headers(&[(TRACEPARENT, &parent), (REQUEST_ID, "a.B_9-")]));
        assert_eq!(ids.request_id(), "a.B_9-");
        let passed_on = ids.traceparent();
        assert!(passed_on.starts_with(&format!("00-{TRACE}-")) && passed_on.ends_with("-01"));
        assert_ne!(passed_on, parent, "the caller's span is the parent, not ours");
        assert!(trace(&passed_on).is_some(), "{passed_on}");
    }

    #[test]
    fn missing_and_malformed_ids_are_made() {
        let long = "x".repeat(LONGEST_REQUEST_ID + 1);
        for bad in ["", "a b", "ä", &long] {
            let ids = RequestIds::of(&headers(&[(REQUEST_ID, bad)]));
            assert_eq!(ids.request_id(), ids.trace_id);
            assert!(trace(&ids.traceparent()).is_some(), "{}", ids.traceparent());
        }
        let zero = "0".repeat(32);
        for bad in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{zero}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
        ] {
            assert_eq!(trace(&bad), None, "{bad}");
        }
        assert!(trace(&format!("01-{TRACE}-00f067aa0ba902b7-01-more")).is_some());
    }
}
