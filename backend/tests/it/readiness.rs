//! Live, ready, and what `/version` says, on tables good and bad.

use api::{BackendVersion, Problem};
use axum::http::StatusCode;
use backend::migrate::required_version;

use crate::support::{app, body, current_table, empty_table, get, unreachable_table};

#[tokio::test]
async fn ready_on_the_newest_schema() {
    let app = app(&current_table().await);
    assert_eq!(get(&app, api::READYZ).await.status(), StatusCode::OK);
    let version: BackendVersion = body(get(&app, api::VERSION).await, StatusCode::OK).await;
    let expected = BackendVersion {
        commit: "c0ffee".into(),
        environment: "test".into(),
        schema_version: Some(required_version()),
        required_schema_version: required_version(),
    };
    assert_eq!(version, expected);
}

#[tokio::test]
async fn not_ready_on_an_older_schema() {
    let app = app(&empty_table().await);
    let problem: Problem = body(get(&app, api::READYZ).await, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(problem.detail.contains("is at schema 0"), "{}", problem.detail);
    assert_eq!(get(&app, api::HEALTHZ).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn live_but_not_ready_without_a_table() {
    let app = app(&unreachable_table().await);
    assert_eq!(
        get(&app, api::READYZ).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(get(&app, api::HEALTHZ).await.status(), StatusCode::OK);
    let version: BackendVersion = body(get(&app, api::VERSION).await, StatusCode::OK).await;
    assert_eq!(version.schema_version, None);
}

#[tokio::test]
async fn draining_fails_readiness_and_still_serves() {
    let app = app(&current_table().await);
    app.draining.begin();
    assert_eq!(
        get(&app, api::READYZ).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(get(&app, api::MESSAGES).await.status(), StatusCode::OK);
}
