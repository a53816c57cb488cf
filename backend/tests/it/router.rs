//! The API as a client meets it.

use api::{MAX_TEXT, Message, MessageList, Problem};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;

use crate::support::{app, body, current_table, empty_table, get, post, send, unreachable_table};

#[tokio::test]
async fn a_posted_message_is_listed() {
    let app = app(&current_table().await);
    let text = "  kept \n as it is ";
    let posted: Message = body(
        post(&app, json!({"author": "Ada", "text": text}).to_string()).await,
        StatusCode::CREATED,
    )
    .await;
    let listed: MessageList = body(get(&app, api::MESSAGES).await, StatusCode::OK).await;
    assert_eq!(listed.messages, [posted]);
    assert_eq!(listed.messages[0].text, text);
}

#[tokio::test]
async fn bad_messages_are_refused_with_a_reason() {
    let app = app(&empty_table().await);
    let long = "x".repeat(MAX_TEXT + 1);
    for (sent, status, detail) in [
        (
            json!({"author": "Ada", "text": " "}).to_string(),
            422,
            "text must not be blank",
        ),
        (
            json!({"author": "", "text": "hi"}).to_string(),
            422,
            "author must not be blank",
        ),
        (
            json!({"author": "Ada", "text": long}).to_string(),
            422,
            "text has 1001 characters",
        ),
        (json!({"author": "Ada"}).to_string(), 422, "missing field `text`"),
        ("{".to_owned(), 400, "parse"),
        ("x".repeat(20_000), 413, "limit"),
    ] {
        let response = post(&app, sent).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], Problem::CONTENT_TYPE);
        let problem: Problem = body(response, StatusCode::from_u16(status).unwrap()).await;
        assert_eq!(problem.status, status);
        assert!(problem.detail.contains(detail), "{}", problem.detail);
    }
    let listed: MessageList = body(get(&app, api::MESSAGES).await, StatusCode::OK).await;
    assert!(listed.messages.is_empty());
}

#[tokio::test]
async fn every_other_error_is_a_problem_too() {
    let current = app(&current_table().await);
    let _: Problem = body(get(&current, "/nowhere").await, StatusCode::NOT_FOUND).await;
    let delete = Request::delete(api::MESSAGES).body(Body::empty()).unwrap();
    let _: Problem = body(send(&current, delete).await, StatusCode::METHOD_NOT_ALLOWED).await;
    let _: Problem = body(
        get(&current, "/api/messages?before=noise").await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    let plain = Request::post(api::MESSAGES)
        .body(Body::from("author=Ada"))
        .unwrap();
    let _: Problem = body(send(&current, plain).await, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;

    let down = app(&unreachable_table().await);
    let problem: Problem = body(get(&down, api::MESSAGES).await, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(problem.detail, "cannot list messages");
}
