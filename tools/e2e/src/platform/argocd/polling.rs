//! How often Argo CD asks Git by itself.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{NAMESPACE, restart};
use crate::cluster::Cluster;
use crate::run::StepHandle;

const SETTINGS: &str = "argocd-cm";
const KEYS: [&str; 2] = ["timeout.reconciliation", "timeout.reconciliation.jitter"];

/// The interval and what is added to it by chance; as upstream ships them where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Polling([Option<String>; 2]);

impl Polling {
    /// As it is now.
    pub(crate) async fn of(cluster: &Cluster) -> Result<Self> {
        let configs: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), NAMESPACE);
        let config = configs.get(SETTINGS).await.context("read Argo CD's settings")?;
        let mut data = config.data.unwrap_or_default();
        Ok(Self(KEYS.map(|key| data.remove(key))))
    }

    /// Make it so, and wait until Argo CD's processes have started with it.
    pub(crate) async fn set(&self, step: &StepHandle, cluster: &Cluster) -> Result<()> {
        let configs: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), NAMESPACE);
        // What is null is removed.
        let data: serde_json::Map<_, _> = KEYS
            .into_iter()
            .zip(&self.0)
            .map(|(key, value)| (key.to_owned(), json!(value)))
            .collect();
        configs
            .patch(
                SETTINGS,
                &PatchParams::default(),
                &Patch::Merge(json!({ "data": data })),
            )
            .await
            .context("change Argo CD's settings")?;
        restart(step, cluster).await
    }
}
