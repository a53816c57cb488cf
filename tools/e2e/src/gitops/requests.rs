//! What a person may ask Argo CD to do.

use anyhow::{Context as _, Result};
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::api;
use crate::cluster::Cluster;

/// Argo CD takes it away once it has looked.
pub(super) const REFRESH: &str = "argocd.argoproj.io/refresh";

/// Have Argo CD look at Git for an Application now.
pub(crate) async fn refresh(cluster: &Cluster, app: &str) -> Result<()> {
    let annotation = json!({ "metadata": { "annotations": { REFRESH: "normal" } } });
    api(cluster)
        .patch(
            &cluster.application(app),
            &PatchParams::default(),
            &Patch::Merge(annotation),
        )
        .await
        .with_context(|| format!("ask for a refresh of {app} on {}", cluster.environment))?;
    Ok(())
}
