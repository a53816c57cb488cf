//! The stand-in for the backend: speaks the types of `api` and keeps messages in memory.

use std::sync::{Arc, Mutex};

use api::{BackendVersion, FieldError, Message, MessageList, NewMessage, Problem};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::support::serve;

/// Messages of a page.
const PAGE: usize = 3;

/// Its state, in the test's hands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backend(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// Newest first.
    messages: Vec<Message>,
    /// Headers of every request for messages, as they came.
    requests: Vec<HeaderMap>,
    down: bool,
    /// Requests that it still refuses.
    missed: usize,
}

impl Backend {
    /// Starts it; answers its address too. Its only rule is that of the texts.
    pub(crate) async fn start() -> (Self, String) {
        let backend = Self::default();
        let router = Router::new()
            .route(api::MESSAGES, get(list).post(post))
            .route(api::VERSION, get(version))
            .with_state(backend.clone());
        (backend, serve(router).await)
    }

    /// Adds a message as somebody else's.
    pub(crate) fn add(&self, text: &str) -> Message {
        let mut state = self.0.lock().unwrap();
        let number = state.messages.len();
        let message = Message {
            uuid: format!("u-{number}"),
            author: "Ada".into(),
            text: text.into(),
            posted_at: format!("2026-01-01T00:{number:02}:00.000000Z"),
            edited_at: None,
            revision: Message::FIRST_REVISION,
        };
        state.messages.insert(0, message.clone());
        message
    }

    /// From now on it answers as when its table does not.
    pub(crate) fn set_down(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }

    /// It refuses so many requests, and then answers.
    pub(crate) fn miss(&self, requests: usize) {
        self.0.lock().unwrap().missed = requests;
    }

    /// The values of a header of all requests for messages, empty where one did not have it.
    pub(crate) fn received(&self, header: &str) -> Vec<String> {
        let state = self.0.lock().unwrap();
        let value = |headers: &HeaderMap| {
            headers
                .get(header)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        state
            .requests
            .iter()
            .map(|headers| value(headers).unwrap_or_default())
            .collect()
    }

    /// Requests for messages so far.
    pub(crate) fn requests(&self) -> usize {
        self.0.lock().unwrap().requests.len()
    }

    /// Notes the request; answers the refusal while down.
    fn refusal(&self, headers: HeaderMap) -> Option<Response> {
        let mut state = self.0.lock().unwrap();
        state.requests.push(headers);
        let missed = state.missed > 0;
        state.missed = state.missed.saturating_sub(1);
        let down = (StatusCode::SERVICE_UNAVAILABLE, "the table does not answer");
        (state.down || missed).then(|| problem(down.0, down.1, Vec::new()))
    }
}

#[derive(serde::Deserialize)]
struct Page {
    before: Option<String>,
}

async fn version() -> Json<BackendVersion> {
    Json(BackendVersion {
        commit: "bead5".into(),
        environment: "test".into(),
        schema_version: Some(7),
        required_schema_version: 7,
    })
}

async fn list(State(backend): State<Backend>, Query(page): Query<Page>, headers: HeaderMap) -> Response {
    if let Some(refusal) = backend.refusal(headers) {
        return refusal;
    }
    if page.before.as_deref() == Some("bad cursor & all") {
        return problem(
            StatusCode::BAD_REQUEST,
            "the cursor is not one of this API",
            Vec::new(),
        );
    }
    if page.before.as_deref() == Some("too long") {
        return StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response();
    }
    let state = backend.0.lock().unwrap();
    let newer = |message: &&Message| {
        page.before
            .as_ref()
            .is_some_and(|before| message.posted_at >= *before)
    };
    let mut rest = state.messages.iter().skip_while(newer).cloned();
    let messages: Vec<_> = rest.by_ref().take(PAGE).collect();
    let next = messages
        .last()
        .filter(|_| rest.next().is_some())
        .map(|last| last.posted_at.clone());
    Json(MessageList { messages, next }).into_response()
}

async fn post(State(backend): State<Backend>, headers: HeaderMap, Json(new): Json<NewMessage>) -> Response {
    if let Some(refusal) = backend.refusal(headers) {
        return refusal;
    }
    if new.text == "other words" {
        return problem(
            StatusCode::CONFLICT,
            "the key belongs to another message",
            Vec::new(),
        );
    }
    if let Err(error) = api::text::check(&new.text, api::MAX_TEXT) {
        let error = FieldError {
            field: "text".into(),
            detail: error.to_string(),
        };
        return problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the message is not valid",
            vec![error],
        );
    }
    (StatusCode::CREATED, Json(backend.add(&new.text))).into_response()
}

fn problem(status: StatusCode, detail: &str, errors: Vec<FieldError>) -> Response {
    let problem = Problem {
        kind: "about:blank".into(),
        title: status.canonical_reason().unwrap().into(),
        status: status.as_u16(),
        detail: detail.into(),
        errors,
        request_id: None,
    };
    (status, Json(problem)).into_response()
}
