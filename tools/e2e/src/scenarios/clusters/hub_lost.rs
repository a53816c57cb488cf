//! The hub is lost, and another one is made of Git and tags: it finds everything as it was, touches
//! nothing, and takes the next release.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::kept::{Kept, live, nothing_was_synced};
use super::released::{arrived, everywhere, taken_back};
use crate::actors::{Operator, ReadLoad};
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::platform::argocd;
use crate::platform::fleet::{Fleet, Standby};
use crate::run::{Rebuilt, Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::lost_cluster;
use crate::world::iam_proxy;

/// What makes a Secret a cluster of Argo CD.
const CLUSTERS: &str = "argocd.argoproj.io/secret-type=cluster";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("hub-lost", "the hub is rebuilt from Git and tags", 600),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let secrets = registered(testbed.fleet()?).await?;
    let mut targets = Vec::new();
    for target in &testbed.clusters {
        targets.push(Kept::of(target).await?);
    }
    let reads = ReadLoad::start(testbed, Environment::last())?;
    let lost = Instant::now();
    let fleet = rebuilt(testbed, step, lost).await?;
    let clusters = testbed.managed_by(fleet.hub());
    for cluster in &clusters {
        fleet.registered(step, cluster).await?;
    }
    step.measured("Secrets after", lost.elapsed().as_secs_f64());
    same(&secrets, &registered(&fleet).await?)?;
    for cluster in &clusters {
        live(testbed, step, cluster).await?;
    }
    step.measured("Applications after", lost.elapsed().as_secs_f64());
    for cluster in &clusters {
        nothing_was_synced(cluster).await?;
    }
    for (cluster, before) in clusters.iter().zip(&targets) {
        before.is_there(cluster).await?;
    }
    step.evidence(format!(
        "{} Secrets, each as it was; no sync, and the pods of {} clusters are the same",
        secrets.len(),
        clusters.len()
    ));
    let operator = Operator::of(testbed);
    let merged = Instant::now();
    let commit = everywhere(&operator, "rebuilt").await?;
    let since = arrived(step, &clusters, &commit).await?;
    step.measured("next merge to live", (since - merged).as_secs_f64());
    taken_back(step, &clusters, &operator, &commit).await?;
    reads.stop(step).await?.at_most(0)
}

/// Removes the hub, and makes another one by the steps of docs/CLUSTERS.md.
async fn rebuilt(testbed: &Testbed, step: &StepHandle, lost: Instant) -> Result<Fleet> {
    let (fleet, harness) = (testbed.fleet()?, &testbed.harness);
    let hub = lost_cluster::made_again(testbed, step, fleet.hub()).await?;
    let fleet = fleet.of_hub(&hub);
    testbed.hand_over(Rebuilt::Hub(fleet.clone()))?;
    step.measured("cluster after", lost.elapsed().as_secs_f64());
    equip(testbed, step, &hub).await?;
    step.measured("Argo CD after", lost.elapsed().as_secs_f64());
    for target in &testbed.clusters {
        ensure!(
            fleet.secret(target).await?.is_none(),
            "the new hub knows {} already",
            target.name
        );
    }
    fleet.install(harness, Standby::Off, step).await?;
    Ok(fleet)
}

/// Makes a hub of a cluster, as far as `clusterset` is not needed.
pub(super) async fn equip(testbed: &Testbed, step: &StepHandle, hub: &Cluster) -> Result<()> {
    let harness = &testbed.harness;
    iam_proxy::trust(harness, hub).await?;
    argocd::install(harness, hub, &testbed.world, step).await?;
    argocd::apply_clusters(harness, hub).await
}

/// The Secrets of all clusters that a hub knows, by their names.
pub(super) async fn registered(fleet: &Fleet) -> Result<BTreeMap<String, Value>> {
    let listed = fleet
        .secrets()
        .list(&ListParams::default().labels(CLUSTERS))
        .await;
    let listed = listed.context("list the Secrets of clusters")?;
    listed.into_iter().map(essence).collect()
}

/// The name of a Secret, and all of it that somebody has written.
fn essence(secret: Secret) -> Result<(String, Value)> {
    let name = secret.metadata.name.clone().unwrap_or_default();
    let all = serde_json::to_value(secret).context("write a Secret as JSON")?;
    let metadata = &all["metadata"];
    let written = json!([
        metadata["labels"],
        metadata["annotations"],
        all["type"],
        all["data"]
    ]);
    Ok((name, written))
}

/// An error that names each Secret which is another one, and says nothing of what is in it.
pub(super) fn same(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Result<()> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    let changed: Vec<_> = changed.map(String::as_str).collect();
    ensure!(
        changed.is_empty(),
        "these Secrets are not as they were: {}",
        changed.join(", ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(uid: &str, token: &str, environment: &str) -> BTreeMap<String, Value> {
        let secret = json!({
            "metadata": { "name": "cluster-blue", "uid": uid, "labels": { "gitops-loop/environment": environment } },
            "data": { "config": token },
        });
        let secret: Secret = serde_json::from_value(secret).unwrap();
        [essence(secret).unwrap()].into()
    }

    #[test]
    fn a_secret_is_another_one_by_its_bytes_and_labels_and_the_error_keeps_them() {
        let before = secrets("1", "dG9rZW4=", "staging");
        assert!(same(&before, &secrets("2", "dG9rZW4=", "staging")).is_ok());
        for other in [
            secrets("1", "b3RoZXI=", "staging"),
            secrets("1", "dG9rZW4=", "nowhere"),
            BTreeMap::new(),
        ] {
            let error = same(&before, &other).unwrap_err().to_string();
            assert_eq!(error, "these Secrets are not as they were: cluster-blue");
        }
    }
}
