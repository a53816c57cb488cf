//! The page. What the app is for goes here.

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;

const PAGE: &str = r#"<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>app-name</title>
  </head>
  <body>
    <h1>app-name</h1>
  </body>
</html>
"#;

/// No script, style or frame of anybody's until the page has its own.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The routes for people.
pub(crate) fn routes() -> Router {
    Router::new().route("/", get(page))
}

async fn page() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE)).into_response()
}
