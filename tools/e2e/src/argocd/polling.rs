//! How often Argo CD asks Git by itself, and what makes it read its settings again.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;

use super::{NAMESPACE, ready};
use crate::cluster::Cluster;
use crate::progress::StepHandle;
use crate::wait::{Verdict, eventually};

const SETTINGS: &str = "argocd-cm";
const KEYS: [&str; 2] = ["timeout.reconciliation", "timeout.reconciliation.jitter"];
/// They read the settings when they start: the first asks, the second remembers what a branch was.
const READERS: &str = "app.kubernetes.io/name in (argocd-application-controller, argocd-repo-server)";
const RESTARTED: Duration = Duration::from_mins(2);

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

/// Start its processes anew that read settings at their start only, and wait until it is whole.
pub(crate) async fn restart(step: &StepHandle, cluster: &Cluster) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let readers = ListParams::default().labels(READERS);
    let uids = async || {
        let listed = pods.list(&readers).await?;
        anyhow::Ok(listed.iter().filter_map(Pod::uid).collect::<BTreeSet<_>>())
    };
    let old = uids().await?;
    pods.delete_collection(&DeleteParams::default(), &readers)
        .await
        .context("restart Argo CD")?;
    eventually(step, "Argo CD, started anew", RESTARTED, async || {
        let now = uids().await?;
        if now.is_disjoint(&old) {
            ready(cluster).await
        } else {
            Ok(Verdict::Pending("the old processes are still there".to_owned()))
        }
    })
    .await
}
