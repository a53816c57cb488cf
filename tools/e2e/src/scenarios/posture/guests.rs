//! Pods that only a scenario needs. They run the frontend's image, because no other is admitted
//! everywhere.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Api;
use kube::api::{DeleteParams, ListParams, PostParams};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::run::StepHandle;
use crate::wait::{Verdict, eventually};

/// On all that a scenario makes, so that what one left that was killed is found.
pub(super) const LABEL: &str = "gitops-loop.posture";
const STARTED: Duration = Duration::from_secs(30);
const GONE: Duration = Duration::from_mins(1);

/// A pod that may run anywhere: the frontend's container, which needs nothing to start, with other
/// labels and no account.
pub(super) async fn manifest(cluster: &Cluster, name: &str) -> Result<Value> {
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let frontend = deployments
        .get("frontend")
        .await
        .context("read the frontend's Deployment")?;
    let pod = frontend.spec.and_then(|spec| spec.template.spec);
    let pod = pod.context("the frontend's Deployment describes a pod")?;
    let mut containers = pod.containers;
    for container in &mut containers {
        container.lifecycle = None;
        container.startup_probe = None;
        container.readiness_probe = None;
        container.liveness_probe = None;
    }
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "labels": { LABEL: "guest", "app.kubernetes.io/name": name } },
        "spec": {
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "terminationGracePeriodSeconds": 0,
            "securityContext": pod.security_context,
            "containers": containers,
        },
    }))
}

/// Makes the namespace, unless it is there: then it is somebody's, and stays.
pub(super) async fn namespace(cluster: &Cluster, name: &str) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    if namespaces
        .get_opt(name)
        .await
        .context("look for a namespace")?
        .is_some()
    {
        return Ok(());
    }
    let namespace = json!({ "metadata": { "name": name, "labels": { LABEL: "guest" } } });
    let namespace = serde_json::from_value(namespace).context("describe a namespace")?;
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .with_context(|| format!("make the namespace {name}"))?;
    Ok(())
}

/// Starts a pod and waits until it has an address.
pub(super) async fn start(cluster: &Cluster, namespace: &str, name: &str, step: &StepHandle) -> Result<Pod> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
    let pod = serde_json::from_value(manifest(cluster, name).await?).context("describe a pod")?;
    eventually(step, &format!("pod {name}"), STARTED, async || {
        // In a new namespace the account that a pod runs under comes a moment later.
        if pods.get_opt(name).await?.is_none() {
            pods.create(&PostParams::default(), &pod).await?;
        }
        let seen = pods.get(name).await?;
        let status = seen.status.clone().unwrap_or_default();
        let containers = status.container_statuses.unwrap_or_default();
        let runs = containers.iter().any(|container| container.started == Some(true));
        Ok(if runs && status.pod_ip.is_some() {
            Verdict::Ready(seen)
        } else {
            Verdict::Pending(status.phase.unwrap_or_default())
        })
    })
    .await
}

/// Removes what a scenario made, and waits for its end.
pub(super) async fn remove(cluster: &Cluster, pods_of: &[&str], step: &StepHandle) -> Result<()> {
    let ours = ListParams::default().labels(LABEL);
    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    for namespace in namespaces.list(&ours).await.context("list namespaces")? {
        let name = namespace.metadata.name.unwrap_or_default();
        namespaces
            .delete(&name, &DeleteParams::default())
            .await
            .with_context(|| format!("delete the namespace {name}"))?;
    }
    for namespace in pods_of {
        let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
        pods.delete_collection(&DeleteParams::default().grace_period(0), &ours)
            .await
            .with_context(|| format!("delete the pods in {namespace}"))?;
    }
    eventually(step, "the end of what was made for this", GONE, async || {
        let pods: Api<Pod> = Api::all(cluster.client.clone());
        let left = pods.list(&ours).await?.items.len() + namespaces.list(&ours).await?.items.len();
        Ok(match left {
            0 => Verdict::Ready(()),
            left => Verdict::Pending(format!("{left} left")),
        })
    })
    .await
}
