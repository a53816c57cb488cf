//! What all forges are asked with.

use anyhow::{Result, ensure};
use ureq::Agent;

use crate::http::agent;
use crate::settings::ForgeSettings;

/// Asks one forge.
pub(super) struct Client {
    pub(super) agent: Agent,
    /// The base address of its API.
    pub(super) api: String,
}

impl Client {
    pub(super) fn new(settings: &ForgeSettings) -> Result<Self> {
        let api = settings.api.trim_end_matches('/').to_owned();
        ensure!(
            api.starts_with("https://") || api.starts_with("http://"),
            "FORGE_API={api}: expected an address with its scheme"
        );
        Ok(Self { agent: agent(), api })
    }
}
