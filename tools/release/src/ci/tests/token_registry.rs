//! A registry that wants a token, a password, or nothing, gives tokens itself, and checks what it
//! is shown.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tiny_http::{Header, Response};

use super::agent;
use super::refusals::registry_at;
use super::stub::{Answer, Asked, Stub};
use crate::ci::registry::{Error, Images as _, Registry};
use crate::ci::settings;

pub(super) const DIGEST: &str = "sha256:0123";
/// The rights that a token of the server's has been given for.
const PULL: &str = "repository:loop/backend:pull";
pub(super) const PUSH: &str = "repository:loop/backend:pull,push";

const PLACEHOLDER: &str = "repository:user/image:pull";

/// What a registry asks of whom it does not know; `{host}` stands for its own address.
pub(super) const DOCKER_HUB: &[&str] =
    &[r#"Bearer realm="http://{host}/token",service="registry.example",scope="{scope}""#];
pub(super) const WITHOUT_SCOPE: &[&str] =
    &[r#"bearer realm="http://{host}/token?offline=1", service="registry.example""#];
pub(super) const SEVERAL: &[&str] = &[
    r#"Negotiate, Bearer realm="http://{host}/token",service="registry.example",error="a, b""#,
    r#"Digest realm="c, \"d\"", nonce="e""#,
];
pub(super) const BASIC: &[&str] = &[r#"Basic realm="Registry, the", charset="UTF-8""#];
pub(super) const BOTH: &[&str] = &[DOCKER_HUB[0], BASIC[0]];

/// How this registry is, and what it has given.
pub(super) struct Server {
    pub(super) stub: Stub,
    pub(super) kept: Arc<Mutex<Kept>>,
}

pub(super) struct Kept {
    challenge: &'static [&'static str],
    /// What a token's field is called.
    pub(super) field: &'static str,
    /// Whether a token is given to whoever has no password.
    is_public: bool,
    /// Tokens that count, each with its scope.
    pub(super) valid: BTreeSet<(String, String)>,
    given: usize,
}

fn basic() -> String {
    format!("Basic {}", BASE64_STANDARD.encode("user:password"))
}

impl Server {
    pub(super) fn start(challenge: &'static [&'static str], field: &'static str, is_public: bool) -> Self {
        let kept = Arc::new(Mutex::new(Kept {
            challenge,
            field,
            is_public,
            valid: BTreeSet::new(),
            given: 0,
        }));
        let keeping = kept.clone();
        let stub = Stub::answering(move |asked| answer(&mut keeping.lock().unwrap(), asked));
        Self { stub, kept }
    }

    pub(super) fn settings(&self, has_password: bool) -> settings::Registry {
        let mut settings = registry_at(self.stub.address());
        settings.credentials = settings.credentials.filter(|_| has_password);
        settings
    }

    pub(super) fn digest(&self, has_password: bool) -> Result<Option<String>, Error> {
        let (agent, settings) = (agent(), self.settings(has_password));
        Registry::new(&agent, &settings, false).digest("backend", "tag")
    }

    pub(super) fn asked_for(&self, path: &str) -> usize {
        self.stub
            .lines()
            .iter()
            .filter(|line| line.contains(path))
            .count()
    }
}

fn answer(kept: &mut Kept, asked: &Asked) -> Answer {
    let (authorization, host) = (asked.header("Authorization"), asked.header("Host"));
    let path = asked.line.split(' ').nth(1).unwrap();
    if let Some(query) = path.strip_prefix("/token?") {
        return token(kept, query, authorization);
    }
    let scope = match asked.line.split_once(' ') {
        Some(("PUT", _)) => PUSH,
        // Asked for nothing, GitHub's registry names an image that nobody has.
        Some((_, "/v2/")) => PLACEHOLDER,
        _ => PULL,
    };
    let is_let_in = kept.challenge.is_empty()
        || (kept.challenge.contains(&BASIC[0]) && authorization == basic())
        || authorization.strip_prefix("Bearer ").is_some_and(|token| {
            let has = |scope: &str| kept.valid.contains(&(token.to_owned(), scope.to_owned()));
            has(scope) || has(PUSH)
        });
    if !is_let_in {
        let headers = kept.challenge.iter().map(|text| {
            let text = text.replace("{host}", host).replace("{scope}", scope);
            Header::from_bytes("WWW-Authenticate", text).unwrap()
        });
        let refused = Response::from_string("{}").with_status_code(401);
        return headers.fold(refused, Response::with_header);
    }
    let headers = [
        ("Docker-Content-Digest", DIGEST),
        ("Content-Type", "application/json"),
    ];
    let headers = headers.map(|(name, value)| Header::from_bytes(name, value).unwrap());
    headers
        .into_iter()
        .fold(Response::from_string("{}"), Response::with_header)
}

fn token(kept: &mut Kept, query: &str, authorization: &str) -> Answer {
    let has_password = authorization == basic();
    let has = |pair: &str| query.split('&').any(|has| has == pair);
    if !has("service=registry.example") || (!authorization.is_empty() && !has_password) {
        return Response::from_string("{}").with_status_code(401);
    }
    if !has_password && !kept.is_public {
        return Response::from_string("{}").with_status_code(401);
    }
    let decoded = query.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",");
    let scope = decoded.split('&').find_map(|pair| pair.strip_prefix("scope="));
    if scope == Some(PLACEHOLDER) {
        return Response::from_string("{}").with_status_code(403);
    }
    kept.given += 1;
    let token = format!("token-{}", kept.given);
    // Without a password, only what everybody may.
    let scope = if has_password { scope.unwrap() } else { PULL };
    kept.valid.insert((token.clone(), scope.to_owned()));
    let mut given = json!({ "expires_in": 60, "token": "" });
    given[kept.field] = json!(token);
    Response::from_string(given.to_string())
}
