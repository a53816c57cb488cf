//! Stand-ins on loopback: a registry that has every image, a forge that keeps pull requests, a giver of identity tokens.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, head, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What opens the registry: what ECR's clients are told, in the form they send it.
pub(crate) const PASSWORD: &str = "password-of-the-registry";
/// What the forge wants to see.
pub(crate) const TOKEN: &str = "token-of-the-forge";
/// Whom the runner says a run is.
pub(crate) const IDENTITY: &str = "who-this-run-is";

#[derive(Clone, Default)]
struct Seen {
    pull_requests: Arc<Mutex<Vec<Value>>>,
}

/// All of them on one address.
pub(crate) struct StandIns {
    /// `127.0.0.1:port`.
    pub(crate) address: String,
    seen: Seen,
    server: JoinHandle<()>,
}

impl StandIns {
    pub(crate) async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("an address").to_string();
        let seen = Seen::default();
        let app = Router::new()
            .route("/v2/{folder}/{app}/manifests/{tag}", head(manifest))
            .route("/repos/{owner}/{name}/pulls", get(list).post(open))
            .route("/identity", get(identity))
            .route("/repos/{owner}/{name}/issues/{number}/comments", post(refuse))
            .with_state(seen.clone());
        let server = tokio::spawn(async move {
            let _ = axum::serve(socket, app).await;
        });
        Self {
            address,
            seen,
            server,
        }
    }

    /// The pull requests that were opened.
    pub(crate) fn pull_requests(&self) -> Vec<Value> {
        self.seen.pull_requests.lock().expect("not poisoned").clone()
    }
}

impl Drop for StandIns {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Every content was built: the digest is made of the tag.
async fn manifest(
    Path((_, app, tag)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<[(&'static str, String); 1], StatusCode> {
    use base64::Engine as _;
    let wanted = base64::prelude::BASE64_STANDARD.encode(format!("AWS:{PASSWORD}"));
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if given != Some(&format!("Basic {wanted}")) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let fill = if app == "backend" { "b" } else { "f" };
    Ok([(
        "Docker-Content-Digest",
        format!("sha256:{tag}{}", fill.repeat(24)),
    )])
}

fn allowed(headers: &HeaderMap) -> bool {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    given.is_some_and(|given| given.ends_with(TOKEN))
}

async fn list(State(seen): State<Seen>, headers: HeaderMap) -> Result<Json<Vec<Value>>, StatusCode> {
    if !allowed(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(Json(seen.pull_requests.lock().expect("not poisoned").clone()))
}

async fn open(
    State(seen): State<Seen>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    if !allowed(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let mut all = seen.pull_requests.lock().expect("not poisoned");
    let number = all.len() + 1;
    let opened = json!({
        "number": number,
        "html_url": format!("https://forge.invalid/{owner}/{name}/pull/{number}"),
        "state": "open",
        "title": asked["title"],
        "head": { "ref": asked["head"] },
        "base": { "ref": asked["base"] },
    });
    all.push(opened.clone());
    Ok((StatusCode::CREATED, Json(opened)))
}

async fn identity(headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if given == Some("Bearer of-the-runner") {
        Ok(Json(json!({ "count": 1, "value": IDENTITY })))
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

/// Nothing is to be closed here.
async fn refuse() -> StatusCode {
    StatusCode::IM_A_TEAPOT
}
