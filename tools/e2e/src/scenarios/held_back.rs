//! Shared by the scenarios whose new frontend pods never become ready: the old pods keep serving,
//! Argo CD reports Degraded, the cluster names the reason, and the next good commit goes live.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::Api;
use kube::api::ListParams;
use serde_json::json;

use crate::actors::{Operator, ReadLoad, Visitor};
use crate::cluster::Cluster;
use crate::environment::{Environment, NAMESPACE, PAGE};
use crate::git::kustomization_edits::with_item;
use crate::gitops;
use crate::platform::rollout::is_ready;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::overlays;
use crate::scenarios::workloads::pod_uids;
use crate::wait::{Verdict, eventually};

/// The app that is released.
pub(super) const APP: &str = PAGE;
/// In seconds. Two minutes in the manifests, which no scenario can wait for. Nothing else depends
/// on it.
const DEADLINE: u32 = 5;

const NOTICED: Duration = Duration::from_secs(30);
/// The deadline may pass before a container has failed twice, or its probe three times.
const WARNED: Duration = Duration::from_secs(15);
const HEALED: Duration = Duration::from_secs(30);

/// Merge what `edit` makes of staging's overlay. `reason` is what a warning of the new pods must
/// say.
pub(crate) async fn run(
    testbed: &Testbed,
    step: &StepHandle,
    edit: impl FnOnce(String) -> Result<String>,
    reason: &str,
) -> Result<()> {
    let (staging, operator) = (testbed.first(), Operator::of(testbed));
    let visitor = Visitor::of(staging, &testbed.harness.http);
    let served = visitor.commit_shown().await?;
    let elsewhere = pod_uids(testbed.last()).await?;
    let reads = ReadLoad::start(testbed, Environment::first())?;

    let merged = Instant::now();
    let deadline = overlays::set("Deployment", "/spec/progressDeadlineSeconds", &json!(DEADLINE));
    let bad = operator
        .edit(&overlays::of(PAGE), |text| {
            with_item(&edit(text)?, "patches", &deadline)
        })
        .await?;
    gitops::app(step, staging, APP).at(&bad).degraded(NOTICED).await?;
    step.measured("merge to Degraded", merged.elapsed().as_secs_f64());
    let what = format!("a warning of a pod that is not ready: {reason}");
    let warning = eventually(step, &what, WARNED, async || {
        let warnings = warnings(staging).await?.join("; ");
        Ok(if warnings.contains(reason) {
            Verdict::Ready(warnings)
        } else {
            Verdict::Pending(warnings)
        })
    })
    .await?;
    step.evidence(warning);
    let still = visitor.commit_shown().await?;
    ensure!(still == served, "{still} is served, {served} was before");

    let asked = Instant::now();
    let good = operator.revert(&bad).await?;
    gitops::app(step, staging, APP).at(&good).arrived(HEALED).await?;
    step.measured("next good commit to live", asked.elapsed().as_secs_f64());
    reads.stop(step).await?.at_most(0)?;
    ensure!(
        pod_uids(testbed.last()).await? == elsewhere,
        "pods of production were replaced"
    );
    Ok(())
}

/// What the cluster warns of each pod of the app that is not ready.
async fn warnings(cluster: &Cluster) -> Result<Vec<String>> {
    let of_app = ListParams::default().labels(&format!("app.kubernetes.io/name={APP}"));
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let events: Api<Event> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let mut warnings = Vec::new();
    for pod in pods.list(&of_app).await.context("list the pods")? {
        // One that is ending is of the release before.
        if is_ready(&pod) || pod.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let name = pod.metadata.name.unwrap_or_default();
        let of_pod = format!("involvedObject.name={name},type=Warning");
        let listed = events.list(&ListParams::default().fields(&of_pod)).await;
        for event in listed.with_context(|| format!("list the events of {name}"))? {
            let (reason, message) = (
                event.reason.unwrap_or_default(),
                event.message.unwrap_or_default(),
            );
            warnings.push(format!("{name}: {reason}: {message}"));
        }
    }
    Ok(warnings)
}
