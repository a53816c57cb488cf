//! The client of the backend's API; server side only.

use std::time::Duration;

use api::{Message, MessageList, NewMessage, Problem};
use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::BoardError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A little longer than the backend gives its table, so that its own answer arrives.
const TIMEOUT: Duration = Duration::from_secs(7);

/// One backend, with a pool of connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Backend {
    client: Client,
    /// Address without a slash at its end.
    base: String,
}

impl Backend {
    /// The backend at `base`, as `http://backend`; connects at first use.
    pub fn new(base: &str) -> reqwest::Result<Self> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()?;
        Ok(Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// One page of messages, newest first.
    pub async fn list(&self, before: Option<&str>) -> Result<MessageList, BoardError> {
        let cursor = before
            .map(|before| format!("?before={before}"))
            .unwrap_or_default();
        answer(self.client.get(format!("{}{}{cursor}", self.base, api::MESSAGES))).await
    }

    /// Posts a message.
    pub async fn post(&self, new: &NewMessage) -> Result<Message, BoardError> {
        answer(
            self.client
                .post(format!("{}{}", self.base, api::MESSAGES))
                .json(new),
        )
        .await
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, BoardError> {
    let unavailable = |error: reqwest::Error| {
        tracing::error!(error = %chain(&error), "the backend did not answer");
        BoardError::Unavailable
    };
    let response = request.send().await.map_err(unavailable)?;
    let status = response.status();
    if status.is_success() {
        return response.json().await.map_err(unavailable);
    }
    let problem: Problem = response.json().await.map_err(unavailable)?;
    if status.is_client_error() {
        return Err(BoardError::Refused(problem.detail));
    }
    tracing::error!(
        status = status.as_u16(),
        detail = problem.detail,
        "the backend reports a fault"
    );
    Err(BoardError::Unavailable)
}

/// reqwest names the cause only further down the chain.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
