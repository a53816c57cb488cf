//! Everything Synced and Healthy: how a scenario begins and ends.

use std::time::Duration;

use anyhow::Result;
use kube::ResourceExt as _;

use super::requests::{REFRESH, refresh};
use super::{Application, list};
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::progress::StepHandle;
use crate::testbed::Testbed;
use crate::wait::{Verdict, eventually};

/// Wait until every Application of these environments is as Git says, healthy, and nothing is under
/// way.
pub(crate) async fn steady(
    step: &StepHandle,
    testbed: &Testbed,
    environments: &[Environment],
    within: Duration,
) -> Result<()> {
    eventually(step, "everything Synced and Healthy", within, async || {
        let mut pending = Vec::new();
        for &environment in environments {
            pending.extend(unsteady(&list(testbed.cluster(environment)).await?, environment));
        }
        Ok(match pending.as_slice() {
            [] => Verdict::Ready(()),
            pending => Verdict::Pending(pending.join("; ")),
        })
    })
    .await
}

/// Those that are not as Git says, healthy and done, each with what it is instead.
fn unsteady(apps: &[Application], environment: Environment) -> Vec<String> {
    let unsteady = apps.iter().filter_map(|app| {
        let status = app.status.clone().unwrap_or_default();
        (!status.is_steady()).then(|| format!("{} on {environment}: {}", app.name_any(), status.summary()))
    });
    unsteady.collect()
}

/// Wait until Argo CD has made all of Git on a cluster that began with its root Application alone.
pub(crate) async fn created(step: &StepHandle, cluster: &Cluster, within: Duration) -> Result<()> {
    eventually(step, "everything from Git", within, async || {
        let apps = list(cluster).await?;
        let pending = unsteady(&apps, cluster.environment);
        // The root makes the others, and is Synced only when it has.
        Ok(if apps.len() > 1 && pending.is_empty() {
            Verdict::Ready(())
        } else {
            Verdict::Pending(pending.join("; "))
        })
    })
    .await
}

/// Have Argo CD look into Git now, whether or not anybody told it of a commit, and wait until it
/// has done so.
pub(crate) async fn refreshed(step: &StepHandle, testbed: &Testbed, within: Duration) -> Result<()> {
    for &environment in Environment::all() {
        let cluster = testbed.cluster(environment);
        for app in list(cluster).await? {
            refresh(cluster, &app.name_any()).await?;
        }
    }
    eventually(step, "a look into Git", within, async || {
        let mut pending = Vec::new();
        for &environment in Environment::all() {
            let apps = list(testbed.cluster(environment)).await?;
            let asked = apps.iter().filter(|app| app.annotations().contains_key(REFRESH));
            pending.extend(asked.map(|app| format!("{} on {environment}", app.name_any())));
        }
        Ok(match pending.as_slice() {
            [] => Verdict::Ready(()),
            pending => Verdict::Pending(pending.join(", ")),
        })
    })
    .await
}
