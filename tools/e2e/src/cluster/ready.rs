//! When a cluster can be used: its nodes run, and each of them enforces the network policies.

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, Result};
use k8s_openapi::api::{apps::v1::DaemonSet, core::v1::Node};
use kube::Api;

use super::Cluster;
use crate::{
    run::StepHandle,
    wait::{Verdict, eventually},
};

const READY: Duration = Duration::from_secs(90);

/// The nodes' addresses. kind's own wait ends with success on a timeout, so it is not used.
pub(super) async fn nodes(cluster: &Cluster, step: &StepHandle) -> Result<Vec<Ipv4Addr>> {
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    let mut addresses = Vec::new();
    for name in cluster.environment.nodes() {
        let ready = eventually(step, "node", READY, async || {
            let status = nodes.get(&name).await?.status.unwrap_or_default();
            let conditions = status.conditions.unwrap_or_default();
            Ok(
                match conditions
                    .into_iter()
                    .find(|condition| condition.type_ == "Ready")
                {
                    Some(ready) if ready.status == "True" => {
                        Verdict::Ready(status.addresses.unwrap_or_default())
                    }
                    Some(ready) => Verdict::Pending(ready.message.unwrap_or_else(|| "not ready".to_owned())),
                    None => Verdict::Pending("has not reported yet".to_owned()),
                },
            )
        });
        let address = ready
            .await?
            .into_iter()
            .find(|address| address.type_ == "InternalIP")
            .with_context(|| format!("node {name} has no address"))?;
        addresses.push(
            address
                .address
                .parse()
                .with_context(|| format!("understand the address of node {name}"))?,
        );
    }
    Ok(addresses)
}

/// Waits until every node enforces the network policies: earlier, a pod could do what it likes.
pub(super) async fn policies(cluster: &Cluster, step: &StepHandle) -> Result<()> {
    let sets: Api<DaemonSet> = Api::namespaced(cluster.client.clone(), "kube-system");
    let wanted = i32::try_from(cluster.environment.nodes().len()).context("count the nodes")?;
    eventually(step, "network policies", READY, async || {
        let status = sets.get("kube-router").await?.status.unwrap_or_default();
        Ok(if status.number_ready == wanted {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("enforced on {} of {wanted} nodes", status.number_ready))
        })
    })
    .await
}
