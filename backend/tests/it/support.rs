//! A table of one's own, and the requests that the tests send.

use std::time::Duration;

use api::Problem;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use backend::app::App;
use backend::dynamodb::{self, Table, Timeouts};
use backend::migrate::Patience;
use backend::store::Store;
use serde::de::DeserializeOwned;
use serde_json::json;
use testkit::embedded::Embedded;
use tokio::net::TcpSocket;
use tower::ServiceExt;

/// Short, because nothing here is far away.
pub(crate) const PATIENCE: Patience = Patience {
    wait: Duration::from_secs(20),
    lease: Duration::from_secs(10),
    leave: Duration::ZERO,
};

/// A table handle at an address where nobody listens, and nobody will: it is taken, but not
/// listened on.
pub(crate) async fn unreachable_table() -> Table {
    let socket = Box::leak(Box::new(TcpSocket::new_v4().unwrap()));
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    handle(&format!("http://{}", socket.local_addr().unwrap())).await
}

/// An empty table as the infrastructure makes it, in a `DynamoDB` of its own.
pub(crate) async fn empty_table() -> Table {
    let table = handle(&Embedded::start().await.unwrap().endpoint).await;
    assert!(testkit::table::create(&table.client, &table.name).await.unwrap());
    table
}

/// A table at the newest schema.
pub(crate) async fn current_table() -> Table {
    let table = empty_table().await;
    backend::migrate::to_newest(&table, PATIENCE).await.unwrap();
    table
}

async fn handle(endpoint: &str) -> Table {
    Table {
        client: dynamodb::client(testkit::loader(endpoint), Timeouts::default()).await,
        name: "messages".to_owned(),
    }
}

/// Writes an item of strings as it is, past the store.
pub(crate) async fn put_raw(table: &Table, attributes: &[(&str, &str)]) {
    testkit::table::put(&table.client, &table.name, attributes)
        .await
        .unwrap();
}

/// The program as a client meets it.
pub(crate) fn app(table: &Table) -> App {
    App::new(Store::new(table.clone()), "c0ffee", "test")
}

/// Sends one request through the real router.
pub(crate) async fn send(app: &App, request: Request<Body>) -> Response {
    backend::router::router(app.clone())
        .oneshot(request)
        .await
        .unwrap()
}

/// Gets `path`.
pub(crate) async fn get(app: &App, path: &str) -> Response {
    send(app, Request::get(path).body(Body::empty()).unwrap()).await
}

/// Posts `body` as JSON to the messages.
pub(crate) async fn post(app: &App, body: impl Into<Body>) -> Response {
    let request = Request::post(api::MESSAGES)
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap();
    send(app, request).await
}

/// The body of an answer with this status.
pub(crate) async fn body<T: DeserializeOwned>(response: Response, status: StatusCode) -> T {
    let found = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    assert_eq!(found, status, "{}", String::from_utf8_lossy(&bytes));
    serde_json::from_slice(&bytes).unwrap()
}

/// A request to write, with headers and a draft of this text.
pub(crate) fn write(method: Method, path: &str, headers: &[(&str, &str)], text: &str) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let draft = json!({"author": "Ada", "text": text});
    request.body(Body::from(draft.to_string())).unwrap()
}

/// Posts a draft of this text with a key.
pub(crate) async fn posted(app: &App, key: &str, text: &str) -> Response {
    let key = (api::IDEMPOTENCY_KEY, key);
    send(app, write(Method::POST, api::MESSAGES, &[key], text)).await
}

/// The problem in an answer of this status, after a look at what all problems have in common.
pub(crate) async fn problem(response: Response, status: u16) -> Problem {
    assert_eq!(response.headers()[header::CONTENT_TYPE], Problem::CONTENT_TYPE);
    let id = response.headers()[api::REQUEST_ID].to_str().unwrap().to_owned();
    let problem: Problem = body(response, StatusCode::from_u16(status).unwrap()).await;
    assert_eq!((problem.status, &problem.request_id), (status, &Some(id)));
    problem
}
