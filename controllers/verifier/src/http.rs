//! How servers are asked: forges, and services of AWS. Where no good answer comes, the error says
//! what was asked, and which server.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use thiserror::Error;
use ureq::http::{Response, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

const ANSWER: Duration = Duration::from_secs(15);

/// A server does not do what it is asked.
#[derive(Debug, Error)]
#[error("{what}: the answer is {status}: {said}")]
pub(crate) struct Refusal {
    what: String,
    pub(crate) status: StatusCode,
    pub(crate) said: String,
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

/// The text of a good answer; any other is a [`Refusal`]. `what` names the server too.
pub(crate) fn text(answer: Result<Response<Body>, ureq::Error>, what: &str) -> Result<String> {
    let mut answer = answer.with_context(|| what.to_owned())?;
    let said = answer.body_mut().read_to_string();
    let said = said.with_context(|| format!("{what}: read the answer"))?;
    if answer.status().is_success() {
        return Ok(said);
    }
    let refusal = Refusal {
        what: what.to_owned(),
        status: answer.status(),
        said: said.trim().to_owned(),
    };
    Err(refusal.into())
}

/// What a good answer says.
pub(crate) fn json<T: DeserializeOwned>(
    answer: Result<Response<Body>, ureq::Error>,
    what: &str,
) -> Result<T> {
    let said = text(answer, what)?;
    serde_json::from_str(&said).with_context(|| format!("{what}: understand the answer"))
}
