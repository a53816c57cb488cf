//! The Kubernetes API from within a pod, read and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::settings::Settings;

/// Where a pod finds its account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const SERVER: &str = "https://kubernetes.default.svc";
const ANSWER: Duration = Duration::from_secs(10);
const CHECK: Duration = Duration::from_secs(3);

/// The API server, and the Services of the apps.
#[derive(Clone)]
pub(crate) struct Cluster {
    api: Agent,
    apps: Agent,
    namespace: String,
    check_path: String,
}

impl Cluster {
    pub(crate) fn from_within(settings: &Settings) -> Result<Self> {
        let authority = Path::new(ACCOUNT).join("ca.crt");
        let pem = fs::read(&authority).with_context(|| format!("read {}", authority.display()))?;
        let authority = Certificate::from_pem(&pem).context("read the authority of the API server")?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(vec![authority]))
            .build();
        let agent = |answer| {
            Agent::config_builder()
                .timeout_global(Some(answer))
                .http_status_as_error(false)
                .proxy(None)
        };
        Ok(Self {
            api: agent(ANSWER).tls_config(tls).build().new_agent(),
            apps: agent(CHECK).build().new_agent(),
            namespace: settings.namespace.clone(),
            check_path: settings.check_path.clone(),
        })
    }

    /// What the API server has at `path`; none where it has nothing.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        // The kubelet renews it.
        let token = fs::read_to_string(Path::new(ACCOUNT).join("token")).context("read this pod's token")?;
        let request = self.api.get(format!("{SERVER}{path}"));
        let request = request.header("Authorization", format!("Bearer {}", token.trim()));
        let mut answer = request.call().with_context(|| format!("ask for {path}"))?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(64 << 20).read_to_string();
        let body = body.with_context(|| format!("read {path}"))?;
        anyhow::ensure!(
            status.is_success(),
            "{path}: the API server answers {status}: {}",
            body.trim()
        );
        let read = serde_json::from_str(&body);
        Ok(Some(read.with_context(|| format!("understand {path}"))?))
    }

    /// What a Secret beside this pod has under a key.
    pub(crate) fn secret(&self, name: &str, key: &str) -> Result<String> {
        let namespace = Path::new(ACCOUNT).join("namespace");
        let namespace = fs::read_to_string(namespace).context("read this pod's namespace")?;
        let path = format!("/api/v1/namespaces/{}/secrets/{name}", namespace.trim());
        let secret: Option<Secret> = self.get(&path)?;
        let secret = secret.with_context(|| format!("there is no Secret {name} in {namespace}"))?;
        secret
            .text(key)
            .with_context(|| format!("read the Secret {name}"))
    }

    /// Why the app's Service on this port does not answer as it should, if it does not.
    pub(crate) fn check(&self, app: &str, port: u16) -> Option<String> {
        let path = &self.check_path;
        let url = format!("http://{app}.{}.svc:{port}{path}", self.namespace);
        match self.apps.get(url).call() {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("{path} answers {}", answer.status().as_u16())),
            Err(error) => Some(format!("{path} gives no answer: {error}")),
        }
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
