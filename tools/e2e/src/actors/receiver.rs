//! Somebody's chat: takes messages as an incoming webhook does, and can be away for a while.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What a webhook takes.
#[derive(Deserialize)]
struct Message {
    text: String,
}

#[derive(Clone)]
struct Taken {
    token: String,
    texts: Arc<Mutex<Vec<String>>>,
    /// Connections outlive the listener.
    away: Arc<AtomicBool>,
}

/// A receiver of messages. Dropping it ends it.
pub(crate) struct Receiver {
    address: SocketAddr,
    taken: Taken,
    serving: JoinSet<()>,
}

impl Receiver {
    /// Listens on a free port of `ip` for those who have the token.
    pub(crate) async fn start(ip: &str, token: &str) -> Result<Self> {
        let socket = listen((ip, 0)).await?;
        let address = socket.local_addr().context("find the receiver's port")?;
        let mut receiver = Self {
            address,
            taken: Taken {
                token: token.to_owned(),
                texts: Arc::default(),
                away: Arc::default(),
            },
            serving: JoinSet::new(),
        };
        receiver.serve(socket);
        Ok(receiver)
    }

    /// Where it takes messages.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// All texts so far, the oldest first.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts = self.taken.texts.lock();
        texts.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on it takes nothing.
    pub(crate) async fn leave(&mut self) {
        self.taken.away.store(true, Ordering::SeqCst);
        self.serving.shutdown().await;
    }

    /// It is there again, at the same address.
    pub(crate) async fn come_back(&mut self) -> Result<()> {
        let socket = listen(self.address).await?;
        self.taken.away.store(false, Ordering::SeqCst);
        self.serve(socket);
        Ok(())
    }

    fn serve(&mut self, socket: TcpListener) {
        let app = Router::new()
            .route("/", post(take))
            .with_state(self.taken.clone());
        self.serving.spawn(async move {
            // Serves until it is dropped; a failed connection is the sender's to repeat.
            let _ = axum::serve(socket, app).await;
        });
    }
}

async fn listen(address: impl tokio::net::ToSocketAddrs) -> Result<TcpListener> {
    let socket = TcpListener::bind(address).await;
    socket.context("listen for messages where pods reach this machine")
}

async fn take(State(taken): State<Taken>, headers: HeaderMap, Json(message): Json<Message>) -> StatusCode {
    if taken.away.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let expected = format!("Bearer {}", taken.token);
    let given = headers.get(header::AUTHORIZATION);
    if given.and_then(|given| given.to_str().ok()) != Some(expected.as_str()) {
        return StatusCode::FORBIDDEN;
    }
    let texts = taken.texts.lock();
    texts.unwrap_or_else(PoisonError::into_inner).push(message.text);
    StatusCode::OK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_takes_messages_of_those_who_have_the_token_and_only_while_it_is_there() {
        let mut receiver = Receiver::start("127.0.0.1", "key").await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let send = async |token: &str, text: &str, url: &str| {
            let body = serde_json::json!({ "text": text });
            let sent = http.post(url).bearer_auth(token).body(body.to_string());
            let sent = sent.header("Content-Type", "application/json").send().await;
            sent.map(|answer| answer.status().as_u16()).ok()
        };
        let url = receiver.url();
        assert_eq!(send("key", "one", &url).await, Some(200));
        assert_eq!(send("other", "two", &url).await, Some(403));
        receiver.leave().await;
        assert_ne!(send("key", "three", &url).await, Some(200));
        receiver.come_back().await.unwrap();
        assert_eq!(send("key", "four", &url).await, Some(200));
        assert_eq!(receiver.texts(), ["one", "four"]);
    }
}
