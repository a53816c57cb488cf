//! The document that is checked in, served, and written by hand in two places is the one that the code makes.

use axum::http::header;
use serde_json::Value;

use crate::support::{app, body, get, unreachable_table};

fn document() -> Value {
    serde_json::from_str(&backend::openapi::document()).unwrap()
}

#[tokio::test]
async fn the_served_document_is_that_of_the_code() {
    let served = get(&app(&unreachable_table().await), api::OPENAPI).await;
    assert_eq!(served.headers()[header::CONTENT_TYPE], "application/json");
    let served: Value = body(served, axum::http::StatusCode::OK).await;
    assert_eq!(
        served,
        document(),
        "api/openapi.json is old; run: cargo xtask openapi"
    );
}

#[test]
fn limits_are_those_that_are_checked() {
    let document = document();
    let fields = &document["components"]["schemas"]["NewMessage"]["properties"];
    assert_eq!(fields["author"]["maxLength"], api::MAX_AUTHOR);
    assert_eq!(fields["text"]["maxLength"], api::MAX_TEXT);
    let parameters = document["paths"][api::MESSAGES]["get"]["parameters"]
        .as_array()
        .unwrap();
    let limit = parameters
        .iter()
        .find(|parameter| parameter["name"] == "limit")
        .unwrap();
    assert_eq!(limit["schema"]["maximum"], api::MAX_LIMIT);
    assert_eq!(limit["schema"]["default"], api::DEFAULT_LIMIT);
}
