//! The add-ons of infra/addons, in the environment that has them.

mod balanced;
pub(crate) mod canary;
mod denied;
mod hung;
pub(crate) mod ingress;
pub(crate) mod memory;
pub(crate) mod metrics_away;
pub(crate) mod names;
pub(crate) mod notices;
mod scaled;
pub(crate) mod scaling;
pub(crate) mod secrets; // wing: verifier
pub(crate) mod shared_volume;
mod switch;
mod traces;
pub(crate) mod turned_off;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use crate::cluster::Cluster;
use crate::gitops::{self, Status};
use crate::platform::rollout::is_ready;
use crate::run::{StepHandle, Testbed};
use crate::wait::Verdict;

/// Until Argo CD calls an Application as it is.
const CALLED: Duration = Duration::from_mins(1);

fn ensure_addons(testbed: &Testbed) -> Result<()> {
    ensure!(
        testbed.world.addons,
        "what is up has no add-ons; bring it up with `--addons`"
    );
    Ok(())
}

/// Waits until Argo CD calls an Application of the first environment so.
async fn is(testbed: &Testbed, step: &StepHandle, app: &str, health: &str) -> Result<()> {
    let judge = |status: &Status| match status.health() {
        found if found == health => Verdict::Ready(()),
        found => Verdict::Pending(format!("it is {found}")),
    };
    let app = gitops::app(step, testbed.first(), app);
    app.until(&format!("is {health}"), CALLED, judge).await
}

/// Waits until Argo CD calls an Application anything but Healthy, and gives what.
async fn unhealthy(step: &StepHandle, cluster: &Cluster, app: &str, within: Duration) -> Result<String> {
    let judge = |status: &Status| match status.health() {
        "Healthy" => Verdict::Pending("it is Healthy".to_owned()),
        health => Verdict::Ready(health.to_owned()),
    };
    let app = gitops::app(step, cluster, app);
    app.until("is not Healthy", within, judge).await
}

/// The pod of an add-on, which has one in a namespace of its own.
async fn pod(cluster: &Cluster, addon: &str) -> Result<Pod> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), addon);
    let found = pods.list(&ListParams::default()).await;
    let found = found.with_context(|| format!("list the pods of {addon}"))?;
    let serves = |pod: &Pod| pod.metadata.deletion_timestamp.is_none() && is_ready(pod);
    let pod = found.items.into_iter().find(serves);
    pod.with_context(|| format!("no pod of {addon} is ready"))
}
