//! What the add-ons take of the memory of a cluster, all together.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use super::ensure_addons;
use crate::cluster::Cluster;
use crate::platform::addons;
use crate::platform::argocd;
use crate::platform::rollout::is_ready;
use crate::run::Step;
use crate::run::StepHandle;
use crate::run::Testbed;
use crate::scenario::{Scenario, Suite};
use crate::scenarios::pods::mebibytes;
use crate::wait::{Verdict, eventually};

/// What those of a cluster may take together, in MiB.
const MOST: f64 = 400.0;
/// A kubelet knows what a new pod takes after its next look.
const KNOWN: Duration = Duration::from_mins(1);
/// Those of notifications, which are in Argo CD's namespace.
const NOTICES: &str = "app.kubernetes.io/name=argocd-notifications-controller";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("addons-memory", "what the add-ons take of the memory", 180),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    ensure_addons(testbed)?;
    let mut measured = 0;
    for cluster in &testbed.clusters {
        measured += bounded(step, cluster).await?;
    }
    ensure!(measured > 0, "no cluster has an add-on, so nothing was measured");
    Ok(())
}

/// Sees that those of a cluster take no more than they may, and gives how many pods they have.
pub(super) async fn bounded(step: &StepHandle, cluster: &Cluster) -> Result<usize> {
    let what = format!("what add-ons of {} take", cluster.environment);
    let taken = eventually(step, &what, KNOWN, async || {
        taken(cluster).await.map(Verdict::Ready)
    })
    .await?;
    let sum: f64 = taken.iter().map(|(_, size)| size).sum();
    let each = taken.iter().map(|(name, size)| format!("{name} {size:.0}"));
    let each = each.collect::<Vec<_>>().join(", ");
    let environment = cluster.environment;
    let said = format!("the add-ons of {environment} take {sum:.0} MiB of {MOST:.0}: {each}");
    ensure!(sum <= MOST, "{said}");
    if !taken.is_empty() {
        step.evidence(said);
    }
    Ok(taken.len())
}

/// What each pod takes of those that are ready, by the name of its add-on.
async fn taken(cluster: &Cluster) -> Result<Vec<(&'static str, f64)>> {
    let all = ListParams::default();
    let mut places: Vec<_> = addons::NAMES
        .iter()
        .map(|name| (*name, *name, all.clone()))
        .collect();
    places.push(("notifications", argocd::NAMESPACE, all.labels(NOTICES)));
    let mut taken = Vec::new();
    for (name, namespace, which) in places {
        let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
        let found = pods.list(&which).await;
        let found = found.with_context(|| format!("list the pods of {name}"))?;
        for pod in found.items.iter().filter(|pod| is_ready(pod)) {
            taken.push((name, mebibytes(cluster, pod).await?));
        }
    }
    Ok(taken)
}
