//! The client of the backend's API; server side only.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::{BackendVersion, IDEMPOTENCY_KEY, Message, MessageList, NewMessage, Problem};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use crate::BoardError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Until when a connection that cannot be made is tried again: longer than one takes to fail.
const CONNECT_WITHIN: Duration = Duration::from_millis(1200);
/// How long a connection that nobody uses is kept. A backend that was told to end serves on for
/// longer (`DRAIN_SECONDS`), and each answer of that time ends its connection: so it has none left
/// that it could close while a request is on its way.
const KEPT: Duration = Duration::from_secs(2);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);
/// A little longer than the backend gives its table, so that its own answer arrives.
const TIMEOUT: Duration = Duration::from_secs(7);
/// The schema version is an ornament: a page does not wait long for it.
const VERSION_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the schema version is taken for true; only a migration changes it.
const VERSION_KEPT: Duration = Duration::from_secs(5);
/// How long it is taken for unknown: a page that learns that the backend is back asks at once.
const UNKNOWN_KEPT: Duration = Duration::from_secs(1);

/// One backend, with a pool of connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Backend {
    client: Client,
    /// Address without a slash at its end.
    base: Arc<str>,
    /// Sent with every request.
    headers: HeaderMap,
    schema: Arc<Mutex<Option<Schema>>>,
}

/// The schema version as it was told, or not, at one instant.
#[derive(Clone, Copy, Debug)]
struct Schema {
    asked: Instant,
    version: Option<u32>,
}

impl Schema {
    fn is_fresh(&self) -> bool {
        let kept = if self.version.is_some() {
            VERSION_KEPT
        } else {
            UNKNOWN_KEPT
        };
        self.asked.elapsed() < kept
    }
}

impl Backend {
    /// The backend at `base`, as `http://backend`; connects at first use.
    pub fn new(base: &str) -> reqwest::Result<Self> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_idle_timeout(KEPT)
            .build()?;
        Ok(Self {
            client,
            base: base.trim_end_matches('/').into(),
            headers: HeaderMap::new(),
            schema: Arc::default(),
        })
    }

    /// The same backend, asked with these headers: those by which its logs name the request that it
    /// is asked for.
    #[must_use]
    pub fn with_headers(&self, headers: HeaderMap) -> Self {
        Self {
            headers,
            ..self.clone()
        }
    }

    /// One page of messages, newest first, as a page can show them.
    pub async fn list(&self, before: Option<&str>) -> Result<MessageList, BoardError> {
        let mut request = self.client.get(self.url(api::MESSAGES));
        if let Some(before) = before {
            request = request.query(&[("before", before)]);
        }
        let list: MessageList = self.answer(request).await?;
        Ok(MessageList {
            messages: list.messages.into_iter().map(Message::sanitized).collect(),
            ..list
        })
    }

    /// Posts a message; twice with the same key posts it once.
    pub async fn post(&self, new: &NewMessage, key: Option<&str>) -> Result<Message, BoardError> {
        let mut request = self.client.post(self.url(api::MESSAGES)).json(new);
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            // It came with a form, and anybody can send one.
            let key = HeaderValue::from_str(key).map_err(|_| {
                refused(
                    StatusCode::BAD_REQUEST,
                    "the form has a key that was not given out",
                )
            })?;
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        self.answer(request).await.map(Message::sanitized)
    }

    /// Schema the backend's table is at, as it was at most a few seconds ago; `None` while the
    /// backend cannot tell.
    pub async fn schema_version(&self) -> Option<u32> {
        // Held while asking: who comes meanwhile waits for this answer instead of asking as well.
        let mut known = self.schema.lock().await;
        if let Some(schema) = known.filter(Schema::is_fresh) {
            return schema.version;
        }
        let request = self.client.get(self.url(api::VERSION)).timeout(VERSION_TIMEOUT);
        let answer = self.answer::<BackendVersion>(request).await;
        let version = answer.ok().and_then(|version| version.schema_version);
        *known = Some(Schema {
            asked: Instant::now(),
            version,
        });
        version
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, BoardError> {
        let unavailable = |error: reqwest::Error| {
            tracing::error!(error = %chain(&error), "the backend did not answer");
            BoardError::Unavailable
        };
        let request = request.headers(self.headers.clone());
        let response = send(request).await.map_err(unavailable)?;
        let status = response.status();
        if status.is_success() {
            return response.json().await.map_err(unavailable);
        }
        let problem = match response.json::<Problem>().await {
            Ok(problem) => problem,
            Err(_) if is_by_http(status) => {
                return Err(refused(
                    status,
                    status.canonical_reason().unwrap_or("no reason is given"),
                ));
            }
            Err(error) => return Err(unavailable(error)),
        };
        if status == StatusCode::CONFLICT {
            return Err(BoardError::AlreadySent);
        }
        if status.is_client_error() {
            return Err(BoardError::Refused {
                status: status.as_u16(),
                detail: problem.detail,
                errors: problem.errors,
            });
        }
        tracing::error!(
            status = status.as_u16(),
            detail = problem.detail,
            "the backend reports a fault"
        );
        Err(BoardError::Unavailable)
    }
}

/// Whether HTTP itself may have refused the request before the backend's own code saw it, as a head
/// that is too long. That code gives a reason for all that it refuses: any other answer without one
/// is not the backend's.
fn is_by_http(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    )
}

/// A refusal of the request as a whole.
fn refused(status: StatusCode, detail: &str) -> BoardError {
    BoardError::Refused {
        status: status.as_u16(),
        detail: detail.into(),
        errors: Vec::new(),
    }
}

/// Sends again what could not connect: the backend has not seen it. Otherwise one lost packet, of
/// TCP or of DNS, would be an error on the page, as both are sent again only after the time to
/// connect is over; and so would a server that has ended before kube-proxy knows.
async fn send(mut request: RequestBuilder) -> reqwest::Result<Response> {
    let begun = Instant::now();
    loop {
        let again = request.try_clone();
        match (request.send().await, again) {
            (Err(error), Some(again)) if error.is_connect() && begun.elapsed() < CONNECT_WITHIN => {
                tracing::warn!(error = %chain(&error), "connect to the backend once more");
                tokio::time::sleep(PAUSE).await;
                request = again;
            }
            (sent, _) => return sent,
        }
    }
}

/// reqwest names the cause only further down the chain.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests;
