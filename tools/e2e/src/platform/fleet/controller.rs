//! The controller `clusterset` beside the Argo CD of a hub, brought in as a person does it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{GetParams, ListParams, LogParams};
use kube::core::Request;
use kube::{Api, ResourceExt as _};

use crate::cluster::Cluster;
use crate::git::checkout::replaced_once;
use crate::platform::argocd::NAMESPACE;
use crate::platform::controller_image::{self, UNBUILT};
use crate::platform::{kustomize, rollout};
use crate::run::{Harness, StepHandle};
use crate::scenarios::pods::mebibytes;
use crate::world::World;

/// Its Deployment, and its image.
const NAME: &str = "clusterset";
/// Its pods.
const PODS: &str = "app.kubernetes.io/name=clusterset";
/// Its manifests with what only this machine adds to them.
const LOCAL: &str = "infra/local/clusterset";
/// Whether its hub stands by, as it is rendered.
const STANDBY: &str = "- name: STANDBY\n          value: ";
/// The port of its metrics.
const METRICS: u16 = 9090;

/// Whether a hub stands by and so changes nothing in its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standby {
    /// It changes them.
    Off,
    /// Another hub does.
    On,
}

/// Builds and pushes its image, and gives the digest; what is compiled already costs a moment.
pub(crate) async fn image(harness: &Harness, world: &World, step: &StepHandle) -> Result<String> {
    step.doing("build the image of clusterset");
    controller_image::pushed(harness, world, NAME).await
}

/// Applies it, and waits until all its pods are what was applied, and at work.
pub(super) async fn apply(
    harness: &Harness,
    hub: &Cluster,
    digest: &str,
    standby: Standby,
    step: &StepHandle,
) -> Result<()> {
    let log = harness.run.log(&format!("{NAME}-{}", hub.environment));
    let manifests = kustomize::rendered(harness, LOCAL, &log).await?;
    let manifests = replaced_once(LOCAL, &manifests, UNBUILT, digest)?;
    let manifests = replaced_once(
        LOCAL,
        &manifests,
        &format!("{STANDBY}\"false\""),
        &format!("{STANDBY}\"{}\"", standby == Standby::On),
    )?;
    let applied = hub.apply_over(harness, &manifests, &log).await;
    applied.with_context(|| format!("apply {NAME}"))?;
    let deployments: Api<Deployment> = Api::namespaced(hub.client.clone(), NAMESPACE);
    rollout::finished(step, &deployments, NAME).await
}

/// How many passes each of its processes has made, by the number of its pod.
pub(super) async fn passes(hub: &Cluster) -> Result<BTreeMap<String, u64>> {
    let mut passes = BTreeMap::new();
    for pod in pods(hub).await? {
        let name = pod.name_any();
        let ask = Request::new(format!(
            "/api/v1/namespaces/{NAMESPACE}/pods/{name}:{METRICS}/proxy"
        ));
        let ask = ask
            .get("metrics", &GetParams::default())
            .context("ask for metrics")?;
        let page = hub.client.request_text(ask).await;
        let page = page.with_context(|| format!("ask {name} for its metrics"))?;
        let counts = page.lines().filter_map(|line| {
            let rest = line.strip_prefix("clusterset_pass_duration_seconds_count")?;
            rest.rsplit(' ').next()?.parse::<u64>().ok()
        });
        passes.insert(pod.uid().unwrap_or_default(), counts.sum());
    }
    Ok(passes)
}

/// What its processes have logged that are there now.
pub(super) async fn said(hub: &Cluster) -> Result<String> {
    let api: Api<Pod> = Api::namespaced(hub.client.clone(), NAMESPACE);
    let mut said = String::new();
    for pod in pods(hub).await? {
        let log = api.logs(&pod.name_any(), &LogParams::default()).await;
        said += &log.with_context(|| format!("read the log of {}", pod.name_any()))?;
    }
    Ok(said)
}

/// What its pods take, in MiB.
pub(super) async fn memory(hub: &Cluster) -> Result<Vec<(String, f64)>> {
    let mut memory = Vec::new();
    for pod in pods(hub).await? {
        memory.push((pod.name_any(), mebibytes(hub, &pod).await?));
    }
    Ok(memory)
}

/// Those that answer.
async fn pods(hub: &Cluster) -> Result<Vec<Pod>> {
    let api: Api<Pod> = Api::namespaced(hub.client.clone(), NAMESPACE);
    let found = api.list(&ListParams::default().labels(PODS)).await;
    let found = found.context("list the pods of clusterset")?;
    let answers = |pod: &Pod| pod.metadata.deletion_timestamp.is_none() && rollout::is_ready(pod);
    Ok(found.items.into_iter().filter(answers).collect())
}

/// The digest of the image that a hub runs.
pub(super) async fn digest(hub: &Cluster) -> Result<String> {
    let deployments: Api<Deployment> = Api::namespaced(hub.client.clone(), NAMESPACE);
    let deployment = deployments.get(NAME).await;
    let deployment = deployment.with_context(|| format!("read the Deployment {NAME}"))?;
    controller_image::digest(&deployment)
}
