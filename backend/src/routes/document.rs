//! Serves the `OpenAPI` document that is checked in.

use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;

const DOCUMENT: &str = include_str!("../../../crates/api/openapi.json");

/// This document.
#[cfg_attr(feature = "openapi", utoipa::path(
    get,
    path = api::OPENAPI,
    operation_id = "document",
    responses((status = 200, description = "This document", body = Object, content_type = "application/json")),
))]
pub(crate) async fn show() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}
