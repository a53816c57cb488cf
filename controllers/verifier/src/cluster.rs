//! What the verifier asks: the API server, read and nothing else, and the apps.

use std::time::Duration;

use anyhow::Result;
use serde::de::DeserializeOwned;
use ureq::Agent;

use crate::kubernetes::Api;
use crate::settings::Settings;

const CHECK: Duration = Duration::from_secs(3);

/// The API server, and the Services of the apps.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) api: Api,
    apps: Agent,
    namespace: String,
    check_path: String,
}

impl Cluster {
    pub(crate) fn from_within(settings: &Settings) -> Result<Self> {
        let agent = Agent::config_builder()
            .timeout_global(Some(CHECK))
            .http_status_as_error(false)
            .proxy(None);
        Ok(Self {
            api: Api::from_within()?,
            apps: agent.build().new_agent(),
            namespace: settings.namespace.clone(),
            check_path: settings.check_path.clone(),
        })
    }

    /// What the API server has at `path`; none where it has nothing.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        self.api.get(path)
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
