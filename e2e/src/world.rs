//! The world outside the clusters: a forge (Gitea) and an AWS emulator (LocalStack) as containers on the clusters' network.

/// The forge and the emulator, running. `Clone` gives another view of the same containers.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) forge: ForgeAccess,
    pub(crate) aws: AwsAccess,
}

/// How to reach the forge; the organisation exists, the repository does not yet.
#[derive(Debug, Clone)]
pub(crate) struct ForgeAccess {
    /// `http://127.0.0.1:<port>`, from this process.
    pub(crate) host_url: String,
    /// `127.0.0.1:<port>`, what images are pushed to.
    pub(crate) registry: String,
    /// `http://gitops-loop-forge:3000`, from nodes and pods; what manifests name.
    pub(crate) cluster_url: String,
    /// This machine as containers on the network reach it (the network's IPv4 gateway): where webhooks to the CI go.
    pub(crate) host_ip_for_containers: String,
    /// Administrator of the forge and owner of the organisation.
    pub(crate) user: String,
    pub(crate) password: String,
    /// An API token of `user` with every scope.
    pub(crate) token: String,
    /// The shared secret of the webhooks Argo CD receives (its `webhook.gogs.secret`).
    pub(crate) argocd_webhook_secret: String,
}

impl ForgeAccess {
    pub(crate) const ORGANISATION: &str = "gitops-loop";
    pub(crate) const REPOSITORY: &str = "gitops-loop";
}

/// How to reach the AWS emulator; stacks and tables of both environments exist.
#[derive(Debug, Clone)]
pub(crate) struct AwsAccess {
    /// `http://127.0.0.1:<port>`.
    pub(crate) host_url: String,
}
