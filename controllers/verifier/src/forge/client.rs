//! How forges are asked: over HTTP, with a word about what was asked where no good answer comes.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::de::DeserializeOwned;
use ureq::http::{Response, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, Error};

use crate::settings::ForgeSettings;

const ANSWER: Duration = Duration::from_secs(15);

/// Asks one forge.
pub(crate) struct Client {
    pub(crate) agent: Agent,
    /// The base address of its API.
    pub(crate) api: String,
}

impl Client {
    pub(crate) fn new(settings: &ForgeSettings) -> Result<Self> {
        let api = settings.api.trim_end_matches('/').to_owned();
        ensure!(
            api.starts_with("https://") || api.starts_with("http://"),
            "FORGE_API={api}: expected an address with its scheme"
        );
        Ok(Self { agent: agent(), api })
    }
}

/// Asks servers that public authorities vouch for.
pub(crate) fn agent() -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::WebPki).build();
    let config = Agent::config_builder()
        .timeout_global(Some(ANSWER))
        .http_status_as_error(false)
        .tls_config(tls);
    config.build().new_agent()
}

/// The text of a good answer.
pub(crate) fn text(answer: Result<Response<Body>, Error>, what: &str) -> Result<String> {
    let (status, said) = any_text(answer, what)?;
    ensure!(
        status.is_success(),
        "{what}: the forge answers {status}: {}",
        said.trim()
    );
    Ok(said)
}

/// The text of any answer.
pub(crate) fn any_text(answer: Result<Response<Body>, Error>, what: &str) -> Result<(StatusCode, String)> {
    let mut answer = answer.with_context(|| what.to_owned())?;
    let said = answer.body_mut().read_to_string();
    Ok((
        answer.status(),
        said.with_context(|| format!("{what}: read the answer"))?,
    ))
}

/// What a good answer says.
pub(crate) fn json<T: DeserializeOwned>(answer: Result<Response<Body>, Error>, what: &str) -> Result<T> {
    let said = text(answer, what)?;
    serde_json::from_str(&said).with_context(|| format!("{what}: understand the answer"))
}
