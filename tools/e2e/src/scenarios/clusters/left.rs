//! What a scenario of clusters that failed may have left: a list that is wrong, and clusters that
//! are away or of another environment.

use std::time::Duration;

use anyhow::Result;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;

use super::pair;
use crate::cluster::Cluster;
use crate::environment::{Environment, NAMESPACE};
use crate::platform::fleet::{self, List};
use crate::run::{StepHandle, Testbed};
use crate::wait::{Verdict, eventually};
use crate::world::aws;

/// Until a cluster that was started anew answers, and a namespace that was emptied is gone.
const ANSWERS: Duration = Duration::from_mins(2);

/// Makes each cluster a target of its own environment again, and the only one that its roles trust,
/// where there is a hub.
pub(crate) async fn heal(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let Some(fleet) = &testbed.fleet else {
        return Ok(());
    };
    fleet.eks.list(List::Right)?;
    for cluster in &testbed.clusters {
        let what = format!("the environment of {} for the hub", cluster.name);
        let runs = eventually(step, &what, ANSWERS, async || {
            fleet.environment_of(cluster).await.map(Verdict::Ready)
        });
        let runs = runs.await?;
        if !fleet.eks.knows(cluster).await? {
            fleet.eks.create(cluster).await?;
        } else if runs.is_some_and(|runs| runs != cluster.environment.name()) {
            pair::moved(testbed, step, cluster, cluster.environment).await?;
        } else {
            rights(testbed, step, cluster).await?;
            fleet.eks.tag(cluster, true).await?;
        }
        fleet.registered(step, cluster).await?;
    }
    // Whichever cluster they trusted besides, and wherever that was left.
    step.doing("have the roles trust the cluster of their own environment only");
    aws::update_stack(&testbed.harness, Environment::first(), None).await
}

/// Gives the hub its rights in a cluster: they went with its namespace, if that was emptied.
async fn rights(testbed: &Testbed, step: &StepHandle, cluster: &Cluster) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    let what = format!("the rights of the hub in {}", cluster.name);
    eventually(step, &what, ANSWERS, async || {
        let there = namespaces.get_opt(NAMESPACE).await?;
        if there.is_some_and(|namespace| namespace.metadata.deletion_timestamp.is_some()) {
            // It would take them with it.
            return Ok(Verdict::Pending(
                "the namespace of the apps is about to go".to_owned(),
            ));
        }
        let given = fleet::give_rights(&testbed.harness, cluster, step).await;
        given.map(Verdict::Ready)
    })
    .await
}
