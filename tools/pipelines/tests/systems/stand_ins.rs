//! Stand-ins on loopback: a registry that has every image, a forge that keeps pull requests, a
//! giver of identity tokens, AWS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, head, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::aws::{self, IDENTITY, PASSWORD};

/// What the forge wants to see.
pub(crate) const TOKEN: &str = "token-of-the-forge";

#[derive(Clone, Default)]
struct Seen {
    pull_requests: Arc<Mutex<Vec<Value>>>,
    /// The state of all that was reported of any commit.
    reported: Arc<Mutex<String>>,
    /// By app and version.
    versions: Arc<Mutex<BTreeMap<(String, String), String>>>,
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
            .route(
                "/v2/{folder}/{app}/manifests/{tag}",
                head(manifest).get(manifest).put(put),
            )
            .route("/v2/{folder}/{app}/tags/list", get(tags)) // wing: versions
            .route("/repos/{owner}/{name}/pulls", get(list).post(open))
            .route("/repos/{owner}/{name}/commits/{commit}/status", get(statuses))
            .route(
                "/projects/{project}/repository/commits/{commit}/statuses",
                get(statuses_of_gitlab),
            )
            .route("/identity", get(identity))
            .route("/role-of-the-build", get(aws::role_of_the_build))
            .route("/", post(aws::call))
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

    /// The tags that were put: app, tag, digest.
    pub(crate) fn versions(&self) -> Vec<(String, String, String)> {
        let versions = self.seen.versions.lock().expect("not poisoned");
        let all = versions.iter();
        all.map(|((app, tag), digest)| (app.clone(), tag.clone(), digest.clone()))
            .collect()
    }

    /// From now on, staging has reported this state of each app on each commit.
    pub(crate) fn report(&self, state: &str) {
        state.clone_into(&mut self.seen.reported.lock().expect("not poisoned"));
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

type Named = Path<(String, String, String)>;

fn may_pull_and_push(headers: &HeaderMap) -> bool {
    use base64::Engine as _;
    let wanted = base64::prelude::BASE64_STANDARD.encode(format!("AWS:{PASSWORD}"));
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    given == Some(&format!("Basic {wanted}"))
}

/// The digest of a content: every one was built.
pub(crate) fn digest(app: &str, content: &str) -> String {
    let fill = if app == "backend" { "b" } else { "f" };
    format!("sha256:{content}{}", fill.repeat(24))
}

/// A manifest is its own digest: by a content's tag, by a digest, or by a version that was put.
async fn manifest(
    State(seen): State<Seen>,
    Path((_, app, name)): Named,
    headers: HeaderMap,
) -> Result<([(&'static str, String); 2], String), StatusCode> {
    if !may_pull_and_push(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let versions = seen.versions.lock().expect("not poisoned");
    let digest = match versions.get(&(app.clone(), name.clone())) {
        Some(digest) => digest.clone(),
        None if name.starts_with("sha256:") => name,
        None if name.len() == 40 => digest(&app, &name),
        None => return Err(StatusCode::NOT_FOUND),
    };
    let kind = "application/vnd.oci.image.manifest.v1+json".to_owned();
    let headers = [("Docker-Content-Digest", digest.clone()), ("Content-Type", kind)];
    Ok((headers, digest))
}

async fn put(
    State(seen): State<Seen>,
    Path((_, app, name)): Named,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    if !may_pull_and_push(&headers) || !headers.contains_key(header::CONTENT_TYPE) {
        return StatusCode::UNAUTHORIZED;
    }
    let mut versions = seen.versions.lock().expect("not poisoned");
    versions.insert((app, name), body);
    StatusCode::CREATED
}

// wing: versions
async fn tags(
    State(seen): State<Seen>,
    Path((folder, app)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    if !may_pull_and_push(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let versions = seen.versions.lock().expect("not poisoned");
    let own = versions.keys().filter(|(of, _)| *of == app);
    let tags: Vec<_> = own.map(|(_, tag)| tag).collect();
    Ok(Json(json!({ "name": format!("{folder}/{app}"), "tags": tags })))
}
// end of wing

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
    let repository = json!({ "id": 1, "full_name": format!("{owner}/{name}") });
    let opened = json!({
        "number": number,
        "html_url": format!("https://forge.invalid/{owner}/{name}/pull/{number}"),
        "state": "open",
        "title": asked["title"],
        "head": { "ref": asked["head"], "repo": repository },
        "base": { "ref": asked["base"], "repo": repository },
    });
    all.push(opened.clone());
    Ok((StatusCode::CREATED, Json(opened)))
}

/// What is reported of every commit, under these names for name and state.
fn reported(seen: &Seen, headers: &HeaderMap, [name, state]: [&str; 2]) -> Result<Vec<Value>, StatusCode> {
    if !allowed(headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let reported = seen.reported.lock().expect("not poisoned").clone();
    let project = crate::project();
    let report = |(id, app): (usize, &project::App)| json!({ "id": id, name: project.first().report_on(app.name()), state: reported, "description": "as told" });
    Ok(project.apps().iter().enumerate().map(report).collect())
}

async fn statuses(State(seen): State<Seen>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let statuses = reported(&seen, &headers, ["context", "state"])?;
    Ok(Json(json!({ "statuses": statuses })))
}

/// The second page is empty.
async fn statuses_of_gitlab(
    State(seen): State<Seen>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, StatusCode> {
    let statuses = reported(&seen, &headers, ["name", "status"])?;
    let is_first = query.is_some_and(|query| query.ends_with("page=1"));
    Ok(Json(if is_first { statuses } else { Vec::new() }))
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
