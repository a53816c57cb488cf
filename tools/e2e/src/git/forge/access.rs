//! Where the forge of a run is, and who administers it.

use serde::{Deserialize, Serialize};

use super::Forge;

/// The forge's container, and its name on the network.
pub(crate) const FORGE: &str = "gitops-loop-forge";

/// Where it listens there.
pub(crate) const FORGE_PORT: u16 = 3000;

/// How to reach the forge; the organisation exists, its repositories do not yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ForgeAccess {
    /// `http://127.0.0.1:<port>`, from this process.
    pub(crate) host_url: String,
    /// `127.0.0.1:<port>`, what images are pushed to.
    pub(crate) registry: String,
    /// `http://gitops-loop-forge:3000`, from nodes and pods; what manifests name.
    pub(crate) cluster_url: String,
    /// This machine as containers on the network reach it (the network's IPv4 gateway): where
    /// webhooks to the CI go.
    pub(crate) host_ip_for_containers: String,
    /// Administrator of the forge and owner of the organisation.
    pub(crate) user: String,
    pub(crate) password: String,
    /// An API token of `user` with every scope.
    pub(crate) token: String,
    /// The shared secret of the webhooks Argo CD receives (its `webhook.gogs.secret`).
    pub(crate) argocd_webhook_secret: String,
    /// What the forge signs and encrypts with.
    #[serde(default)]
    pub(crate) signing_keys: Vec<String>,
}

impl ForgeAccess {
    pub(crate) const ORGANISATION: &str = "gitops-loop";

    /// The forge as nodes and pods reach it.
    pub(crate) fn cluster_url() -> String {
        format!("http://{FORGE}:{FORGE_PORT}")
    }

    /// The root of its API, from this process.
    pub(crate) fn api_url(&self) -> String {
        format!("{}/api/v1", self.host_url)
    }

    /// The address of a repository with the administrator's name and password, for a person's Git.
    pub(crate) fn with_rights(&self, remote: &str) -> String {
        remote.replacen("://", &format!("://{}:{}@", self.user, self.password), 1)
    }

    /// A client of its API, as its administrator.
    pub(crate) fn client(&self) -> Forge {
        Forge::new(&self.api_url(), &self.token)
    }
}
