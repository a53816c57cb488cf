//! The Kubernetes API from within a pod.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::{Method, Request, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, SendBody};

/// Where a pod finds its account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const SERVER: &str = "https://kubernetes.default.svc";
const ANSWER: Duration = Duration::from_secs(10);

/// The API server, as the account of this pod reaches it.
#[derive(Clone)]
pub(crate) struct Api {
    agent: Agent,
    server: String,
    /// The folder of the account.
    account: PathBuf,
}

/// What it has of one kind.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
}

impl Api {
    pub(crate) fn from_within() -> Result<Self> {
        let authority = Path::new(ACCOUNT).join("ca.crt");
        let pem = fs::read(&authority).with_context(|| format!("read {}", authority.display()))?;
        let authority = Certificate::from_pem(&pem).context("read the authority of the API server")?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(vec![authority]))
            .build();
        let agent = Agent::config_builder()
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            .proxy(None)
            .tls_config(tls);
        Ok(Self {
            agent: agent.build().new_agent(),
            server: SERVER.to_owned(),
            account: ACCOUNT.into(),
        })
    }

    // wing: previews
    /// One of a test.
    #[cfg(test)]
    pub(crate) fn at(server: String, account: &Path) -> Self {
        Self {
            agent: crate::http::agent(),
            server,
            account: account.into(),
        }
    }
    // end of wing

    /// What the API server has at `path`; none where it has nothing.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let Some(body) = self.ask(Method::GET, path, "", SendBody::none())? else {
            return Ok(None);
        };
        let read = serde_json::from_str(&body);
        Ok(Some(read.with_context(|| format!("understand {path}"))?))
    }

    // wing: previews
    /// Changes what is at `path` by a patch of this type; an object that is not there is an error.
    pub(crate) fn patch(&self, path: &str, kind: &str, changes: &str) -> Result<()> {
        let mut body = changes.as_bytes();
        let done = self.ask(Method::PATCH, path, kind, SendBody::from_reader(&mut body))?;
        done.map(drop).with_context(|| format!("there is no {path}"))
    }

    /// Deletes it, if it is there.
    pub(crate) fn delete(&self, path: &str) -> Result<()> {
        self.ask(Method::DELETE, path, "", SendBody::none()).map(drop)
    }
    // end of wing

    /// The body of a good answer; none where there is nothing at `path`.
    fn ask(&self, method: Method, path: &str, kind: &str, body: SendBody<'_>) -> Result<Option<String>> {
        // The kubelet renews it.
        let token = fs::read_to_string(self.account.join("token")).context("read this pod's token")?;
        let what = format!("{method} {path}");
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header("Authorization", format!("Bearer {}", token.trim()));
        if !kind.is_empty() {
            request = request.header("Content-Type", kind);
        }
        let request = request.body(body).with_context(|| what.clone())?;
        let mut answer = self.agent.run(request).with_context(|| what.clone())?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(64 << 20).read_to_string();
        let body = body.with_context(|| format!("{what}: read the answer"))?;
        anyhow::ensure!(
            status.is_success(),
            "{what}: the API server answers {status}: {}",
            body.trim()
        );
        Ok(Some(body))
    }

    /// What a Secret beside this pod has under a key.
    pub(crate) fn secret(&self, name: &str, key: &str) -> Result<String> {
        let namespace = self.account.join("namespace");
        let namespace = fs::read_to_string(namespace).context("read this pod's namespace")?;
        let path = format!("/api/v1/namespaces/{}/secrets/{name}", namespace.trim());
        let secret: Option<Secret> = self.get(&path)?;
        let secret = secret.with_context(|| format!("there is no Secret {name} in {namespace}"))?;
        secret
            .text(key)
            .with_context(|| format!("read the Secret {name}"))
    }
}

#[derive(Deserialize)]
struct Secret {
    #[serde(default)]
    data: BTreeMap<String, String>,
}

impl Secret {
    /// Without the end of the line, which a file has that it was made from.
    fn text(&self, key: &str) -> Result<String> {
        let value = self.data.get(key);
        let value = value.with_context(|| format!("it has no `{key}`"))?;
        let bytes = STANDARD.decode(value);
        let bytes = bytes.with_context(|| format!("`{key}` is not in base64"))?;
        let text = String::from_utf8(bytes).with_context(|| format!("`{key}` is no text"))?;
        Ok(text.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_by_its_key() {
        let secret = |json: &str| serde_json::from_str::<Secret>(json).unwrap().text("token");
        assert_eq!(secret(r#"{"data": {"token": "YWJjCg=="}}"#).unwrap(), "abc");
        for (json, why) in [
            ("{}", "it has no `token`"),
            (r#"{"data": {"Token": "YWJjCg=="}}"#, "it has no `token`"),
            (r#"{"data": {"token": "?"}}"#, "`token` is not in base64"),
            (r#"{"data": {"token": "/w=="}}"#, "`token` is no text"),
        ] {
            assert_eq!(secret(json).unwrap_err().to_string(), why, "{json}");
        }
    }
}
