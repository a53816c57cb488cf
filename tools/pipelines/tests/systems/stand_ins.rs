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

use crate::aws::{self, IDENTITY, Role};

/// A controller whose image is there under every tag.
pub(crate) const CONTROLLER: &str = "any";
/// What the forge wants to see.
pub(crate) const TOKEN: &str = "token-of-the-forge";

#[derive(Clone, Default)]
struct Seen {
    pull_requests: Arc<Mutex<Vec<Value>>>,
    /// The state of all that was reported of any commit.
    reported: Arc<Mutex<String>>,
    /// By image and version.
    versions: Arc<Mutex<BTreeMap<(String, String), String>>>,
    /// A commit that has no tag but one that is put, though it looks like that of a content.
    commit: Arc<Mutex<String>>,
    /// A name and a password that open the registry, as they do where it is not ECR.
    login: Arc<Mutex<Option<(String, String)>>>,
}

/// A folder of the registry, and who may pull and push there.
#[derive(Clone)]
struct Registry {
    seen: Seen,
    /// Before the name of an app; empty, or with a slash at the end.
    folder: &'static str,
    role: &'static Role,
}

impl Registry {
    fn routes(&self) -> Router {
        let of_app = format!("/v2/{{owner}}/{}{{app}}", self.folder);
        let routes = Router::new().route(
            &format!("{of_app}/manifests/{{tag}}"),
            head(manifest).get(manifest).put(put),
        );
        // wing: versions
        let routes = routes.route(&format!("{of_app}/tags/list"), get(tags));
        // end of wing
        routes.with_state(self.clone())
    }

    fn image(&self, app: &str) -> String {
        format!("{}{app}", self.folder)
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        use base64::Engine as _;
        let (user, password) = match &*self.seen.login.lock().expect("not poisoned") {
            Some(login) => login.clone(),
            None => ("AWS".to_owned(), self.role.password.to_owned()),
        };
        let wanted = base64::prelude::BASE64_STANDARD.encode(format!("{user}:{password}"));
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        given == Some(&format!("Basic {wanted}"))
    }
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
        let registry = |folder, role| {
            let seen = seen.clone();
            Registry { seen, folder, role }.routes()
        };
        let app = app.merge(registry("", &aws::RELEASES));
        let app = app.merge(registry("preview/", &aws::PREVIEWS)); // wing: previews
        let server = tokio::spawn(async move {
            let _ = axum::serve(socket, app).await;
        });
        Self {
            address,
            seen,
            server,
        }
    }

    // wing: previews
    /// The registry has no tag of this commit yet.
    pub(crate) fn lack(&self, commit: &str) {
        commit.clone_into(&mut self.seen.commit.lock().expect("not poisoned"));
    }
    // end of wing

    /// From now on, the registry is none of AWS and knows this user.
    pub(crate) fn know(&self, user: &str, password: &str) {
        let login = (user.to_owned(), password.to_owned());
        *self.seen.login.lock().expect("not poisoned") = Some(login);
    }

    /// The tags that were put: image, tag, digest.
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

/// The digest of a content: every one was built.
pub(crate) fn digest(app: &str, content: &str) -> String {
    let fill = if app == "backend" { "b" } else { "f" };
    format!("sha256:{content}{}", fill.repeat(24))
}

/// A manifest is its own digest: by a content's tag, by a digest, or by a version that was put.
async fn manifest(
    State(registry): State<Registry>,
    Path((_, app, name)): Named,
    headers: HeaderMap,
) -> Result<([(&'static str, String); 2], String), StatusCode> {
    if !registry.lets_in(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let versions = registry.seen.versions.lock().expect("not poisoned");
    let commit = registry.seen.commit.lock().expect("not poisoned");
    let digest = match versions.get(&(registry.image(&app), name.clone())) {
        Some(digest) => digest.clone(),
        None if name.starts_with("sha256:") => name,
        None if app == CONTROLLER => digest(&app, &format!("{name:0<40}")),
        None if name.len() == 40 && name != *commit => digest(&app, &name),
        None => return Err(StatusCode::NOT_FOUND),
    };
    let kind = "application/vnd.oci.image.manifest.v1+json".to_owned();
    let headers = [("Docker-Content-Digest", digest.clone()), ("Content-Type", kind)];
    Ok((headers, digest))
}

async fn put(
    State(registry): State<Registry>,
    Path((_, app, name)): Named,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    if !registry.lets_in(&headers) || !headers.contains_key(header::CONTENT_TYPE) {
        return StatusCode::UNAUTHORIZED;
    }
    let mut versions = registry.seen.versions.lock().expect("not poisoned");
    versions.insert((registry.image(&app), name), body);
    StatusCode::CREATED
}

// wing: versions
async fn tags(
    State(registry): State<Registry>,
    Path((owner, app)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    if !registry.lets_in(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let versions = registry.seen.versions.lock().expect("not poisoned");
    let image = registry.image(&app);
    let own = versions.keys().filter(|(of, _)| *of == image);
    let tags: Vec<_> = own.map(|(_, tag)| tag).collect();
    Ok(Json(json!({ "name": format!("{owner}/{image}"), "tags": tags })))
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
