//! Who the bearer of a token is in a cluster, as EKS tells its API server: the token is a question
//! to STS who somebody is, signed with the keys of a role, and an access entry of the cluster says
//! which groups the role has there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper::{Method, Request};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::credentials::Credentials;
use crate::signature::Presigned;

/// How each token begins.
const PREFIX: &str = "k8s-aws-v1.";
/// The header that says which cluster a token is for.
const CLUSTER: &str = "x-k8s-aws-id";
/// How long a token counts.
const LIFETIME: Duration = Duration::minutes(15);

/// Tells API servers who somebody is.
#[derive(Debug)]
pub(crate) struct Authenticator {
    entries: PathBuf,
}

/// `AWS::EKS::AccessEntry`, as far as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    principal_arn: String,
    kubernetes_groups: Vec<String>,
}

/// Who somebody is.
#[derive(Debug)]
struct User {
    name: String,
    groups: Vec<String>,
}

impl Authenticator {
    /// `entries` is a folder with a file for each cluster.
    pub(crate) fn new(entries: PathBuf) -> Self {
        Self { entries }
    }

    /// The cluster whose API server asks; nothing if this is another question.
    pub(crate) fn asked_by(request: &Request<Bytes>) -> Option<&str> {
        let rest = request.uri().path().strip_prefix("/clusters/")?;
        let cluster = rest.strip_suffix("/authenticate")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_cluster = !cluster.is_empty() && cluster.chars().all(is_name);
        (request.method() == Method::POST && is_cluster).then_some(cluster)
    }

    /// The answer to its `TokenReview`.
    pub(crate) fn review(&self, cluster: &str, request: &Request<Bytes>, credentials: &Credentials) -> Value {
        let review: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let token = review.pointer("/spec/token").and_then(Value::as_str);
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let user = self.user(
            cluster,
            token.unwrap_or_default(),
            host.unwrap_or_default(),
            credentials,
        );
        let status = match user {
            Ok(User { name, groups }) => {
                eprintln!("{name} in {cluster}");
                json!({"authenticated": true, "user": {"username": name, "groups": groups}})
            }
            Err(error) => {
                eprintln!("refused in {cluster}: {error:#}");
                json!({"authenticated": false, "error": format!("{error:#}")})
            }
        };
        json!({"apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status})
    }

    fn user(&self, cluster: &str, token: &str, host: &str, credentials: &Credentials) -> Result<User> {
        let url = token.strip_prefix(PREFIX).context("it is no token of AWS")?;
        let url = URL_SAFE_NO_PAD.decode(url).context("decode it")?;
        let asked = Presigned::read(std::str::from_utf8(&url).context("decode it")?)?;
        let action = asked.field("Action")?;
        ensure!(action == "GetCallerIdentity", "it is for {action}");
        // STS, for the clusters here, is who answers this.
        ensure!(asked.host == host, "it is for {}", asked.host);
        let scope = asked.scope()?;
        ensure!(scope.service == "sts", "it is for {}", scope.service);
        let (session, secret) = credentials.with_secret(&scope.key, Instant::now())?;
        asked.verify(
            &secret,
            &[(CLUSTER, cluster)],
            (OffsetDateTime::now_utc(), LIFETIME),
        )?;
        let arn = session.role.arn();
        let entries = entries(&self.entries.join(cluster).with_extension("json"))?;
        let Some(entry) = entries.into_iter().find(|entry| entry.principal_arn == arn) else {
            bail!("no access entry is for {arn}");
        };
        Ok(User {
            name: session.who(),
            groups: entry.kubernetes_groups,
        })
    }
}

/// All access entries of a cluster. Read anew each time, so that one that is made later counts.
fn entries(file: &Path) -> Result<Vec<Entry>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("understand {}", file.display()))
}
