//! Whether every part of Argo CD is ready.

use std::time::Duration;

use anyhow::Result;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use super::NAMESPACE;
use crate::cluster::Cluster;
use crate::run::StepHandle;
use crate::wait::{Verdict, eventually};

const READY: Duration = Duration::from_mins(4);

/// Waits until every part of it is ready.
pub(crate) async fn whole(step: &StepHandle, cluster: &Cluster) -> Result<()> {
    eventually(step, "Argo CD", READY, async || ready(cluster).await).await
}

pub(super) async fn ready(cluster: &Cluster) -> Result<Verdict<()>> {
    let everything = ListParams::default();
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    if let Some(why) = pods.list(&everything).await?.iter().find_map(without_image) {
        return Ok(Verdict::Failed(why));
    }
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let sets: Api<StatefulSet> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let deployments = deployments.list(&everything).await?.into_iter().map(|it| {
        let wanted = it.spec.and_then(|spec| spec.replicas);
        let ready = it.status.and_then(|status| status.ready_replicas);
        (it.metadata.name, wanted, ready)
    });
    let sets = sets.list(&everything).await?.into_iter().map(|it| {
        let wanted = it.spec.and_then(|spec| spec.replicas);
        let ready = it.status.and_then(|status| status.ready_replicas);
        (it.metadata.name, wanted, ready)
    });
    let workloads: Vec<_> = deployments.chain(sets).collect();
    if workloads.is_empty() {
        return Ok(Verdict::Pending("no workload is there yet".to_owned()));
    }
    let missing: Vec<_> = workloads
        .into_iter()
        .filter(|(_, wanted, ready)| ready.unwrap_or(0) < wanted.unwrap_or(1))
        .filter_map(|(name, ..)| name)
        .collect();
    Ok(if missing.is_empty() {
        Verdict::Ready(())
    } else {
        Verdict::Pending(format!("not ready: {}", missing.join(", ")))
    })
}

/// Why a pod will never start: the images come with the node, so one that is not there will not
/// come.
fn without_image(pod: &Pod) -> Option<String> {
    const NEVER: [&str; 4] = [
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
    ];
    let containers = pod.status.as_ref()?.container_statuses.as_ref()?;
    containers.iter().find_map(|container| {
        let waiting = container.state.as_ref()?.waiting.as_ref()?;
        let reason = waiting
            .reason
            .as_deref()
            .filter(|reason| NEVER.contains(reason))?;
        let (name, message) = (pod.metadata.name.as_deref(), waiting.message.as_deref());
        Some(format!(
            "pod {}: {reason}: {}",
            name.unwrap_or_default(),
            message.unwrap_or_default()
        ))
    })
}
