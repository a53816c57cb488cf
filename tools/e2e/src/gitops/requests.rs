//! What a person may ask Argo CD to do.

use std::time::Duration;

use anyhow::{Context as _, Result};
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{Status, api, until};
use crate::cluster::Cluster;
use crate::progress::StepHandle;
use crate::wait::{Verdict, eventually};

/// Argo CD takes it away once it has looked.
pub(super) const REFRESH: &str = "argocd.argoproj.io/refresh";

/// Have Argo CD look at Git for an Application now.
pub(crate) async fn refresh(cluster: &Cluster, app: &str) -> Result<()> {
    let annotation = json!({ "metadata": { "annotations": { REFRESH: "normal" } } });
    api(cluster)
        .patch(app, &PatchParams::default(), &Patch::Merge(annotation))
        .await
        .with_context(|| format!("ask for a refresh of {app} on {}", cluster.environment))?;
    Ok(())
}

/// Wait until Argo CD can compare an Application with Git again, after its repo server was
/// replaced. A ready pod is reached through its Service a moment later only, and a comparison that
/// fails meanwhile is not repeated within a minute: whoever pushed then would wait for as long.
pub(crate) async fn compares_again(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    within: Duration,
) -> Result<()> {
    let what = format!("a comparison of {app} on {} with Git", cluster.environment);
    let mut asked = false;
    eventually(step, &what, within, async || {
        let found = api(cluster).get(app).await?;
        if found.annotations().contains_key(REFRESH) {
            return Ok(Verdict::Pending("asked for, not done yet".to_owned()));
        }
        let status = found.status.unwrap_or_default();
        if asked && status.is_compared() {
            return Ok(Verdict::Ready(()));
        }
        refresh(cluster, app).await?;
        asked = true;
        Ok(Verdict::Pending(status.summary()))
    })
    .await
}

/// Have Argo CD sync an Application once, as a person would, to `revision`, which is the newest.
/// After a failed sync that was taken back it undoes no change by hand until then.
pub(crate) async fn sync_by_hand(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    revision: &str,
    within: Duration,
) -> Result<()> {
    // As its own syncs are.
    let once = json!({ "operation": { "sync": { "syncOptions": ["ServerSideApply=true"] } } });
    api(cluster)
        .patch(app, &PatchParams::default(), &Patch::Merge(once))
        .await
        .with_context(|| format!("ask for a sync of {app} on {}", cluster.environment))?;
    let synced = |status: &Status| status.ready_if(status.has_synced(revision));
    until(step, cluster, app, "is synced by hand", within, synced).await
}
