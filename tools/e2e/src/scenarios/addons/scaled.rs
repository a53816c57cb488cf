//! What autoscalers say of the apps that they scale.

use std::time::Duration;

use anyhow::{Context as _, Result};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::Api;

use super::ensure_addons;
use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::gitops;
use crate::platform::addons;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::workloads::replicas;
use crate::wait::{Verdict, eventually};

/// From a new pod until it was measured twice, and an autoscaler has looked.
pub(super) const MEASURED: Duration = Duration::from_secs(90);

/// The cluster that has the add-ons.
pub(super) fn cluster(testbed: &Testbed) -> Result<&Cluster> {
    ensure_addons(testbed)?;
    Ok(testbed.cluster(addons::environment()))
}

/// Whether an autoscaler can measure its pods, in its own words.
pub(super) async fn active(cluster: &Cluster, app: &str) -> Result<Result<(), String>> {
    let scalers: Api<HorizontalPodAutoscaler> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let scaler = scalers.get(app).await;
    let scaler = scaler.with_context(|| format!("read the autoscaler of {app}"))?;
    let conditions = scaler.status.and_then(|status| status.conditions);
    let active = conditions
        .into_iter()
        .flatten()
        .find(|condition| condition.type_ == "ScalingActive");
    let Some(active) = active else {
        return Ok(Err("it has not looked yet".to_owned()));
    };
    if active.status == "True" {
        return Ok(Ok(()));
    }
    let [reason, message] = [active.reason, active.message].map(Option::unwrap_or_default);
    Ok(Err(format!("{reason}: {message}")))
}

/// Waits until each app is measured and runs as few servers as it may.
pub(super) async fn at_rest(step: &StepHandle, cluster: &Cluster, within: Duration) -> Result<()> {
    eventually(step, "autoscalers at rest", within, async || {
        for app in addons::scaled() {
            if let Err(why) = active(cluster, app).await? {
                return Ok(Verdict::Pending(format!("{app}: {why}")));
            }
            let servers = replicas(cluster, app).await?;
            if servers != addons::REPLICAS {
                return Ok(Verdict::Pending(format!("{servers} servers of {app}")));
            }
        }
        Ok(Verdict::Ready(()))
    })
    .await
}

/// Waits until each app runs more servers than Git would say.
pub(super) async fn scaled_up(
    step: &StepHandle,
    cluster: &Cluster,
    commit: &str,
    within: Duration,
) -> Result<()> {
    eventually(step, "more servers of each app", within, async || {
        if let Some(app) = undone(cluster, commit).await? {
            return Ok(Verdict::Failed(format!(
                "{app} is OutOfSync: Argo CD minds that it is scaled"
            )));
        }
        let mut few = Vec::new();
        for app in addons::scaled() {
            if replicas(cluster, app).await? <= addons::REPLICAS {
                few.push(app);
            }
        }
        Ok(if few.is_empty() {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("no more than before of {}", few.join(", ")))
        })
    })
    .await
}

/// A scaled app that differs from this commit in the eyes of Argo CD.
pub(super) async fn undone(cluster: &Cluster, commit: &str) -> Result<Option<String>> {
    let found = gitops::list(cluster).await?;
    let mut scaled = found.into_iter().filter(|application| {
        let name = application.metadata.name.as_deref();
        addons::scaled().any(|app| Some(app) == name)
    });
    let undone = scaled.find(|application| {
        let status = application.status.as_ref();
        status.is_some_and(|status| status.is_out_of_sync(commit))
    });
    Ok(undone.and_then(|application| application.metadata.name))
}
