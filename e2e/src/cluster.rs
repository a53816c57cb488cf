//! One environment's cluster: a kind node on the engine, reached through its own kubeconfig.

use std::path::PathBuf;

use crate::environment::Environment;

/// A running cluster. `Clone` is cheap; the cluster itself is removed by `teardown`, never by a drop.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) environment: Environment,
    pub(crate) name: String,
    pub(crate) client: kube::Client,
    pub(crate) kubeconfig: PathBuf,
    /// `http://127.0.0.1:<port>` of the frontend's `NodePort`.
    pub(crate) frontend_url: String,
    /// `http://127.0.0.1:<port>` of the backend's `NodePort`.
    pub(crate) backend_url: String,
    /// `http://<node>:30082`, Argo CD as the forge's webhooks reach it.
    pub(crate) argocd_url_for_forge: String,
}
