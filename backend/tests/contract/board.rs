//! A client of the API over one table: requests through the real router, answers as they come.

use api::{Message, MessageList};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use backend::app::App;
use backend::dynamodb::Table;
use backend::store::Store;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// The API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Board(Router);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Board {
    pub(crate) fn on(table: &Table) -> Self {
        let app = App::new(Store::new(table.clone()), "c0ffee", "test");
        Self(backend::router::router(app))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: axum::body::to_bytes(body, usize::MAX).await.unwrap(),
        }
    }

    /// A request with these headers, and author and text as its body where there are any.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, &str)>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map(|(author, text)| json!({"author": author, "text": text}).to_string());
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.send(request.body(body.map_or_else(Body::empty, Body::from)).unwrap())
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, author: &str, text: &str) -> Answer {
        self.ask(Method::POST, api::MESSAGES, &[], Some((author, text)))
            .await
    }

    /// A post that may be sent again.
    pub(crate) async fn post_keyed(&self, key: &str, text: &str) -> Answer {
        let headers = [(api::IDEMPOTENCY_KEY, key)];
        self.ask(Method::POST, api::MESSAGES, &headers, Some(("Ada", text)))
            .await
    }

    /// A message by Ada that is there now.
    pub(crate) async fn posted(&self, text: &str) -> Message {
        self.post("Ada", text).await.json(StatusCode::CREATED)
    }

    pub(crate) async fn edit(&self, uuid: &str, etag: &str, text: &str) -> Answer {
        let headers = [(header::IF_MATCH.as_str(), etag)];
        self.ask(
            Method::PUT,
            &api::message_path(uuid),
            &headers,
            Some(("Ada", text)),
        )
        .await
    }

    pub(crate) async fn delete(&self, uuid: &str, etag: &str) -> Answer {
        let headers = [(header::IF_MATCH.as_str(), etag)];
        self.ask(Method::DELETE, &api::message_path(uuid), &headers, None)
            .await
    }

    pub(crate) async fn page(&self, limit: usize, before: Option<&str>) -> MessageList {
        let before = before
            .map(|cursor| format!("&before={cursor}"))
            .unwrap_or_default();
        self.get(&format!("{}?limit={limit}{before}", api::MESSAGES))
            .await
            .json(StatusCode::OK)
    }

    /// Page after page from `before` to the end; fails rather than going round for ever.
    pub(crate) async fn pages(&self, limit: usize, mut before: Option<String>) -> Vec<MessageList> {
        let mut pages = Vec::new();
        loop {
            let page = self.page(limit, before.as_deref()).await;
            before.clone_from(&page.next);
            pages.push(page);
            if before.is_none() {
                return pages;
            }
            assert!(pages.len() < 1000, "the pages have no end");
        }
    }

    /// All messages, newest first.
    pub(crate) async fn all(&self) -> Vec<Message> {
        let pages = self.pages(100, None).await;
        pages.into_iter().flat_map(|page| page.messages).collect()
    }
}

impl Answer {
    /// The body of an answer with this status.
    pub(crate) fn json<T: DeserializeOwned>(&self, status: StatusCode) -> T {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The answers to requests that are all under way together.
pub(crate) async fn at_once<F>(requests: impl Iterator<Item = F>) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    requests.collect::<JoinSet<_>>().join_all().await
}

/// The texts alone.
pub(crate) fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}

/// Writes an item of strings as it is, past the API.
pub(crate) async fn put_raw(table: &Table, attributes: &[(&str, &str)]) {
    testkit::table::put(&table.client, &table.name, attributes)
        .await
        .unwrap();
}

/// A message as an older version wrote it, with what the index needs.
pub(crate) async fn put_listed(table: &Table, uuid: &str, text: &str, posted_at: &str) {
    put_raw(
        table,
        &[
            ("uuid", uuid),
            ("author", "Ada"),
            ("text", text),
            ("posted_at", posted_at),
            ("board", "main"),
        ],
    )
    .await;
}
