//! A running frontend, and the stand-in for its backend.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use api::{FieldError, Message, MessageList, NewMessage, Problem};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use clap::Parser;
use frontend::config::Config;
use serverkit::metrics::Metrics;
use serverkit::shutdown::Draining;
use tokio::net::{TcpListener, TcpSocket};

/// Messages of the stand-in, newest first.
type Messages = Arc<Mutex<Vec<Message>>>;

/// Starts the stand-in; its only rule is that a text is not blank.
pub(crate) async fn backend() -> String {
    serve(
        Router::new()
            .route(api::MESSAGES, get(list).post(post))
            .with_state(Messages::default()),
    )
    .await
}

/// An address where nobody listens, and nobody will: it is taken, but not listened on.
pub(crate) fn nobody() -> String {
    let socket = Box::leak(Box::new(TcpSocket::new_v4().unwrap()));
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    format!("http://{}", socket.local_addr().unwrap())
}

/// Starts the frontend and returns its address.
pub(crate) async fn frontend(backend: &str) -> String {
    frontend_with(backend, Draining::default(), &["--app-commit", "c0ffee"]).await
}

/// Starts the frontend with its readiness in hand and with further arguments.
pub(crate) async fn frontend_with(backend: &str, draining: Draining, more: &[&str]) -> String {
    let site = site().to_str().unwrap();
    let fixed = [
        "frontend",
        "--backend-url",
        backend,
        "--site-dir",
        site,
        "--environment",
        "test",
    ];
    let config = Config::try_parse_from(fixed.iter().chain(more)).unwrap();
    serve(frontend::router::router(&config, &draining, &Metrics::default()).unwrap()).await
}

/// A client that shows redirects instead of following them.
pub(crate) fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

/// What a browser without script sends when the form is used on `page`.
pub(crate) async fn submit(base: &str, page: &str, author: &str, text: &str) -> reqwest::Response {
    browser()
        .post(format!("{base}/form/post"))
        .header("accept", "text/html,application/xhtml+xml")
        .header("referer", page)
        .form(&[("author", author), ("text", text)])
        .send()
        .await
        .unwrap()
}

/// The page's status and text.
pub(crate) async fn page(url: &str) -> (u16, String) {
    let response = browser()
        .get(url)
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// The repository's public files with an empty bundle beside them; made once, because all tests read it.
fn site() -> &'static Path {
    static SITE: LazyLock<PathBuf> = LazyLock::new(|| {
        let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public");
        std::fs::copy(public.join("style.css"), site.join("style.css")).unwrap();
        std::fs::write(site.join("pkg/app.js"), "export default 1;").unwrap();
        std::fs::write(site.join("pkg/app_bg.wasm"), b"\0asm").unwrap();
        site
    });
    &SITE
}

#[derive(serde::Deserialize)]
struct Page {
    before: Option<String>,
}

async fn list(State(messages): State<Messages>, Query(page): Query<Page>) -> Json<MessageList> {
    let all = messages.lock().unwrap().clone();
    let before = page
        .before
        .as_deref()
        .and_then(|cursor| cursor.split_once('_'))
        .map(|(posted_at, _)| posted_at);
    let newer = |message: &Message| before.is_some_and(|before| *message.posted_at >= *before);
    let messages = all.into_iter().skip_while(newer).collect();
    Json(MessageList {
        messages,
        next: Some("2026-01-01T00:00:00.000001Z_u".into()),
    })
}

async fn post(State(messages): State<Messages>, Json(new): Json<NewMessage>) -> Response {
    if new.text.trim().is_empty() {
        let problem = Problem {
            kind: "about:blank".into(),
            title: "Unprocessable Entity".into(),
            status: 422,
            detail: "text must not be blank".into(),
            errors: vec![FieldError {
                field: "text".into(),
                detail: "must not be blank".into(),
            }],
            request_id: None,
        };
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(problem)).into_response();
    }
    let mut messages = messages.lock().unwrap();
    let number = messages.len();
    let message = Message {
        uuid: format!("u-{number}"),
        author: new.author,
        text: new.text,
        posted_at: format!("2026-01-01T00:00:00.{number:06}Z"),
        edited_at: None,
        revision: Message::FIRST_REVISION,
    };
    messages.insert(0, message.clone());
    (StatusCode::CREATED, Json(message)).into_response()
}
