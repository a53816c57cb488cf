//! The API as a client meets it.

use api::{FieldError, MAX_TEXT, Message, MessageList};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;

use crate::support::{
    app, body, current_table, empty_table, get, post, posted, problem, send, unreachable_table, write,
};

#[tokio::test]
async fn a_posted_message_is_listed_and_found() {
    let app = app(&current_table().await);
    let text = "  kept \n as it is ";
    let response = post(&app, json!({"author": "Ada", "text": text}).to_string()).await;
    let location = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(response.headers()[header::ETAG], r#""1""#);
    let posted: Message = body(response, StatusCode::CREATED).await;
    assert_eq!(posted.text, text);
    let listed: MessageList = body(get(&app, api::MESSAGES).await, StatusCode::OK).await;
    assert_eq!(listed.messages, std::slice::from_ref(&posted));
    let found = get(&app, &location).await;
    assert_eq!(found.headers()[header::ETAG], r#""1""#);
    let found: Message = body(found, StatusCode::OK).await;
    assert_eq!(found, posted);
}

#[tokio::test]
async fn bad_messages_are_refused_with_a_reason() {
    let app = app(&empty_table().await);
    let long = "x".repeat(MAX_TEXT + 1);
    for (sent, status, detail, fields) in [
        (
            json!({"author": "Ada", "text": " "}).to_string(),
            422,
            "text must not be blank",
            &["text"][..],
        ),
        (
            json!({"author": "", "text": long}).to_string(),
            422,
            "author must not be blank; text has 1001 characters, 1000 are allowed",
            &["author", "text"],
        ),
        (
            json!({"author": "Ada"}).to_string(),
            422,
            "text is missing",
            &["text"],
        ),
        ("[]".to_owned(), 422, "object", &[]),
        ("{".to_owned(), 400, "parse", &[]),
        ("x".repeat(20_000), 413, "limit", &[]),
    ] {
        let problem = problem(post(&app, sent).await, status).await;
        assert!(problem.detail.contains(detail), "{}", problem.detail);
        let named = |error: &FieldError| error.field.clone();
        assert_eq!(problem.errors.iter().map(named).collect::<Vec<_>>(), fields);
    }
    let listed: MessageList = body(get(&app, api::MESSAGES).await, StatusCode::OK).await;
    assert!(listed.messages.is_empty());
}

#[tokio::test]
async fn pages_are_as_long_as_asked_for() {
    let app = app(&current_table().await);
    for number in 0..22 {
        posted(&app, &format!("key-{number}"), &number.to_string()).await;
    }
    let list = async |query: &str| {
        let path = format!("{}{query}", api::MESSAGES);
        let page: MessageList = body(get(&app, &path).await, StatusCode::OK).await;
        (page.messages.len(), page.next)
    };
    let (length, next) = list("").await;
    assert_eq!(length, 20);
    assert_eq!(list(&format!("?before={}", next.unwrap())).await, (2, None));
    assert_eq!(list("?limit=1").await.0, 1);
    assert_eq!(list("?limit=100").await, (22, None));
    for bad in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=",
        "before=",
        "before=noise",
    ] {
        problem(get(&app, &format!("{}?{bad}", api::MESSAGES)).await, 400).await;
    }
}

#[tokio::test]
async fn a_key_makes_a_post_safe_to_repeat() {
    let app = app(&empty_table().await);
    let first = posted(&app, "k-1", "hello").await;
    assert!(!first.headers().contains_key(api::IDEMPOTENT_REPLAYED));
    let first: Message = body(first, StatusCode::CREATED).await;
    let again = posted(&app, "k-1", "hello").await;
    assert_eq!(again.headers()[api::IDEMPOTENT_REPLAYED], "true");
    assert_eq!(
        again.headers()[header::LOCATION],
        api::message_path(&first.uuid).as_str()
    );
    assert_eq!(body::<Message>(again, StatusCode::CREATED).await, first);
    problem(posted(&app, "k-1", "other").await, 409).await;
    problem(posted(&app, "", "hello").await, 400).await;
}

#[tokio::test]
async fn changes_need_the_revision_they_are_based_on() {
    let app = app(&empty_table().await);
    let message: Message = body(posted(&app, "k", "hello").await, StatusCode::CREATED).await;
    let path = api::message_path(&message.uuid);
    let change = async |method: Method, headers: &[(&str, &str)]| {
        send(&app, write(method, &path, headers, "edited")).await
    };
    for method in [Method::PUT, Method::DELETE] {
        problem(change(method.clone(), &[]).await, 428).await;
        problem(change(method, &[("if-match", r#""2""#)]).await, 412).await;
    }
    let edited = change(Method::PUT, &[("if-match", r#""1""#)]).await;
    assert_eq!(edited.headers()[header::ETAG], r#""2""#);
    let edited: Message = body(edited, StatusCode::OK).await;
    assert_eq!((edited.text.as_str(), edited.revision), ("edited", 2));
    problem(change(Method::PUT, &[("if-match", r#""1""#)]).await, 412).await;

    let deleted = change(Method::DELETE, &[("if-match", r#""2""#)]).await;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    for method in [Method::PUT, Method::DELETE] {
        problem(change(method, &[("if-match", "*")]).await, 404).await;
    }
    problem(get(&app, &path).await, 404).await;
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_answered_with_those_it_takes() {
    let app = app(&empty_table().await);
    for (path, method, allowed) in [
        (api::MESSAGES, Method::DELETE, "GET,HEAD,POST"),
        ("/api/messages/u", Method::POST, "DELETE,GET,HEAD,PUT"),
        (api::HEALTHZ, Method::POST, "GET,HEAD"),
    ] {
        let response = send(&app, write(method, path, &[], "x")).await;
        let mut found: Vec<_> = response.headers()[header::ALLOW]
            .to_str()
            .unwrap()
            .split(',')
            .collect();
        found.sort_unstable();
        assert_eq!(found.join(","), allowed, "{path}");
        problem(response, 405).await;
    }
}

#[tokio::test]
async fn every_other_error_is_a_problem_too() {
    let current = app(&current_table().await);
    for unknown in ["/nowhere", "/api/messages/", "/api/messages/%ff"] {
        problem(get(&current, unknown).await, 404).await;
    }
    let long = format!("/api/messages/{}", "u".repeat(3000));
    problem(get(&current, &long).await, 404).await;
    let plain = Request::post(api::MESSAGES)
        .body(Body::from("author=Ada"))
        .unwrap();
    problem(send(&current, plain).await, 415).await;
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_worth_another_try() {
    let down = app(&unreachable_table().await);
    let response = get(&down, api::MESSAGES).await;
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    assert_eq!(problem(response, 503).await.detail, "cannot list messages");
}
