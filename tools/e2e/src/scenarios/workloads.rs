//! When the migration ended and when the servers started, from the times that the cluster recorded.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use e2e_report::Milestone;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Api;
use kube::api::ListParams;

use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::report::recorder::Way;
use crate::run::StepHandle;
use crate::wait::{Verdict, eventually};

pub(crate) const JOB: &str = "backend-migrate";
/// Their grace period, and some time for the node to notice.
const OLD_PODS_END: Duration = Duration::from_secs(40);
const SERVERS: &str = "app.kubernetes.io/name=backend,app.kubernetes.io/component=server";
const OF_BOTH_APPS: &str = "app.kubernetes.io/component=server";

/// See that the migration of this image succeeded, and that it had ended before any server of this
/// image was made.
pub(crate) async fn migrated_before_serving(cluster: &Cluster, digest: &str) -> Result<()> {
    let environment = cluster.environment;
    let job = Api::<Job>::namespaced(cluster.client.clone(), NAMESPACE)
        .get(JOB)
        .await
        .with_context(|| format!("read Job {JOB} on {environment}"))?;
    let template = job.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    ensure!(
        template.is_some_and(|spec| runs(spec, digest)),
        "Job {JOB} on {environment} does not run the image {digest}"
    );
    let ended = end_of(&job).with_context(|| format!("Job {JOB} on {environment}"))?;

    let pods = Api::<Pod>::namespaced(cluster.client.clone(), NAMESPACE)
        .list(&ListParams::default().labels(SERVERS))
        .await
        .with_context(|| format!("list the backend's pods on {environment}"))?;
    let ours: Vec<&Pod> = pods
        .iter()
        .filter(|pod| pod.spec.as_ref().is_some_and(|spec| runs(spec, digest)))
        .collect();
    ensure!(
        !ours.is_empty(),
        "no backend pod on {environment} runs the image {digest}"
    );
    for pod in ours {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let made = pod
            .metadata
            .creation_timestamp
            .as_ref()
            .with_context(|| format!("pod {name} has no time"))?;
        ensure!(
            made.0 >= ended.0,
            "pod {name} on {environment} was made at {}, before the migration had ended at {}",
            made.0,
            ended.0
        );
    }
    Ok(())
}

/// The image of an app's servers, by its digest.
pub(crate) async fn image_of(cluster: &Cluster, app: &str) -> Result<String> {
    let deployment = Api::<Deployment>::namespaced(cluster.client.clone(), NAMESPACE)
        .get(app)
        .await
        .with_context(|| format!("read the Deployment {app} on {}", cluster.environment))?;
    let pod = deployment.spec.and_then(|spec| spec.template.spec);
    let container = pod.and_then(|pod| pod.containers.into_iter().next());
    container
        .and_then(|container| container.image)
        .with_context(|| format!("the Deployment {app} names no image"))
}

/// How many servers of an app there are to be.
pub(crate) async fn replicas(cluster: &Cluster, app: &str) -> Result<u16> {
    let deployment = Api::<Deployment>::namespaced(cluster.client.clone(), NAMESPACE)
        .get(app)
        .await
        .with_context(|| format!("read the Deployment {app} on {}", cluster.environment))?;
    let replicas = deployment.spec.and_then(|spec| spec.replicas);
    let replicas = replicas.and_then(|replicas| u16::try_from(replicas).ok());
    replicas.with_context(|| format!("the Deployment {app} names no replicas"))
}

/// Every pod of the application in a cluster that is not ending, by what tells it from any other.
pub(crate) async fn pod_uids(cluster: &Cluster) -> Result<BTreeSet<String>> {
    let pods = Api::<Pod>::namespaced(cluster.client.clone(), NAMESPACE)
        .list(&ListParams::default())
        .await
        .with_context(|| format!("list the pods on {}", cluster.environment))?;
    let staying = pods
        .items
        .into_iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none());
    Ok(staying.filter_map(|pod| pod.metadata.uid).collect())
}

/// Note when the last migration ran. Only for the report: what cannot be read is left out.
pub(crate) async fn note_migration(way: &Way, cluster: &Cluster) {
    let jobs = Api::<Job>::namespaced(cluster.client.clone(), NAMESPACE);
    let status = jobs.get(JOB).await.ok().and_then(|job| job.status);
    let Some(status) = status else { return };
    for (milestone, time) in [
        (Milestone::MigrationBegan, status.start_time),
        (Milestone::MigrationEnded, status.completion_time),
    ] {
        if let Some(Time(time)) = time {
            way.mark_time(milestone, time.into());
        }
    }
}

/// Wait until no server of another image is left. One that is ending answers those who hold a
/// connection to it, as the frontend does, although it gets no new ones.
pub(crate) async fn others_ended(step: &StepHandle, cluster: &Cluster, digest: &str) -> Result<()> {
    gone(step, cluster, SERVERS, |pod| {
        !pod.spec.as_ref().is_some_and(|spec| runs(spec, digest))
    })
    .await
}

/// Wait until no server is ending, of either app.
pub(crate) async fn none_ending(step: &StepHandle, cluster: &Cluster) -> Result<()> {
    gone(step, cluster, OF_BOTH_APPS, |pod| {
        pod.metadata.deletion_timestamp.is_some()
    })
    .await
}

/// Wait until there is no pod of these that is `old`.
async fn gone(step: &StepHandle, cluster: &Cluster, pods: &str, old: impl Fn(&Pod) -> bool) -> Result<()> {
    let what = format!("the end of old pods on {}", cluster.environment);
    let labels = ListParams::default().labels(pods);
    eventually(step, &what, OLD_PODS_END, async || {
        let pods = Api::<Pod>::namespaced(cluster.client.clone(), NAMESPACE)
            .list(&labels)
            .await?;
        let old = pods.iter().filter(|pod| old(pod));
        let old: Vec<&str> = old.filter_map(|pod| pod.metadata.name.as_deref()).collect();
        Ok(if old.is_empty() {
            Verdict::Ready(())
        } else {
            Verdict::Pending(old.join(", "))
        })
    })
    .await
}

fn end_of(job: &Job) -> Result<&Time> {
    let status = job.status.as_ref().context("has no status")?;
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let holds = |kind: &str| {
        conditions
            .iter()
            .find(|condition| condition.type_ == kind && condition.status == "True")
    };
    if let Some(failed) = holds("Failed") {
        bail!(
            "failed: {}",
            failed.message.as_deref().unwrap_or("without a message")
        );
    }
    ensure!(holds("Complete").is_some(), "has not completed");
    status
        .completion_time
        .as_ref()
        .context("completed without a time")
}

fn runs(spec: &PodSpec, digest: &str) -> bool {
    spec.containers.iter().any(|container| {
        container
            .image
            .as_deref()
            .is_some_and(|image| image.ends_with(digest))
    })
}
