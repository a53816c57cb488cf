//! Receives the forge's webhooks of pushes and of commit statuses, and checks their signatures.

use std::future::Future;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;

/// A push, as the forge's webhook describes it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct PushEvent {
    /// Such as `refs/heads/master`.
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    /// All zeros for a new branch.
    pub(crate) before: String,
    /// All zeros for a deleted branch.
    pub(crate) after: String,
}

/// A report about a commit, in the same way.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub(crate) struct StatusEvent {
    /// Such as `verified/staging/frontend`.
    pub(crate) context: String,
    /// The commit.
    pub(crate) sha: String,
    /// Such as `success`.
    pub(crate) state: String,
}

/// Something that CI is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Push(PushEvent),
    Status(StatusEvent),
}

/// What it is called at.
pub(super) const PATH: &str = "/push";

#[derive(Clone)]
struct Receiver {
    secret: String,
    events: UnboundedSender<Heard>,
}

/// Listen on a free port of `ip`; gives the address, and what has to be polled to receive anything.
pub(crate) async fn listen(
    ip: &str,
    secret: &str,
    events: UnboundedSender<Heard>,
) -> Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let socket = TcpListener::bind((ip, 0))
        .await
        .with_context(|| format!("listen for webhooks on {ip}, where containers reach this machine"))?;
    let address = socket.local_addr().context("find the listener's port")?;
    let app = Router::new().route(PATH, post(receive)).with_state(Receiver {
        secret: secret.to_owned(),
        events,
    });
    let serving = async move {
        // Serves until it is dropped; a failed connection is the forge's to repeat.
        let _ = axum::serve(socket, app).await;
    };
    Ok((address, serving))
}

/// Whether one of the forge's webhooks leads to a CI that is there.
pub(crate) async fn listens(http: &reqwest::Client, hooks: &[String]) -> bool {
    for hook in hooks.iter().filter(|hook| hook.ends_with(PATH)) {
        // It answers that it takes nothing but posts.
        if http.get(hook).send().await.is_ok() {
            return true;
        }
    }
    false
}

async fn receive(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let signature = headers
        .get("X-Gitea-Signature")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !signed(&receiver.secret, &body, signature) {
        return (
            StatusCode::FORBIDDEN,
            "the signature is not that of the shared secret\n",
        );
    }
    let event = headers.get("X-Gitea-Event").and_then(|value| value.to_str().ok());
    let heard = if event == Some("status") {
        serde_json::from_slice(&body).map(Heard::Status)
    } else {
        serde_json::from_slice(&body).map(Heard::Push)
    };
    let Ok(heard) = heard else {
        return (StatusCode::BAD_REQUEST, "neither a push nor a status\n");
    };
    match receiver.events.send(heard) {
        Ok(()) => (StatusCode::ACCEPTED, "heard\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the CI has ended\n"),
    }
}

fn signed(secret: &str, body: &[u8], signature: &str) -> bool {
    let Some(signature) = from_hex(signature) else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::unbounded_channel;

    // printf '%s' '<body>' | openssl dgst -sha256 -hmac key
    const BODY: &str = r#"{"ref":"refs/heads/master","before":"a","after":"b"}"#;
    const SIGNATURE: &str = "448885e80e9918de0ec87879ab9252f213b033edb62baec2c7f547db9604c6a8";

    async fn delivered(signature: &str, body: &'static str) -> (StatusCode, Option<Heard>) {
        let (sender, mut events) = unbounded_channel();
        let (address, serving) = listen("127.0.0.1", "key", sender).await.unwrap();
        let task = tokio::spawn(serving);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http.post(format!("http://{address}/push")).body(body);
        let status = request
            .header("X-Gitea-Signature", signature)
            .send()
            .await
            .unwrap()
            .status();
        task.abort();
        (
            StatusCode::from_u16(status.as_u16()).unwrap(),
            events.try_recv().ok(),
        )
    }

    #[tokio::test]
    async fn a_hook_leads_to_a_ci_as_long_as_it_is_there() {
        let (sender, _events) = unbounded_channel();
        let (address, serving) = listen("127.0.0.1", "key", sender).await.unwrap();
        let task = tokio::spawn(serving);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let hooks = [
            "http://127.0.0.1:9/api/webhook".to_owned(),
            format!("http://{address}/push"),
        ];
        assert!(listens(&http, &hooks).await);
        assert!(!listens(&http, &hooks[..1]).await);
        task.abort();
        let _ = task.await;
        assert!(!listens(&http, &hooks).await);
    }

    #[tokio::test]
    async fn a_signed_push_is_heard() {
        let (status, push) = delivered(SIGNATURE, BODY).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let Some(Heard::Push(push)) = push else {
            panic!("{push:?}")
        };
        assert_eq!(push.reference, "refs/heads/master");
    }

    #[tokio::test]
    async fn an_unsigned_or_wrongly_signed_push_is_not() {
        for signature in ["", "zz", "0", "00".repeat(32).as_str()] {
            assert_eq!(
                delivered(signature, BODY).await,
                (StatusCode::FORBIDDEN, None),
                "{signature:?}"
            );
        }
    }
}
