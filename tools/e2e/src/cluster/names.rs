//! Names inside the cluster: `CoreDNS` asks the network's name server alone.
//!
//! It would choose at random among the node's resolvers, and those that are not on our network deny
//! the names of forge and emulator.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Pod},
};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde_json::json;

use crate::{
    run::StepHandle,
    wait::{Verdict, eventually},
};

const NAMESPACE: &str = "kube-system";
const COREDNS: &str = "coredns";
const PODS: &str = "k8s-app=kube-dns";
const CONFIGURED: Duration = Duration::from_secs(30);
const READY: Duration = Duration::from_secs(90);

/// Points `CoreDNS` to `server` and replaces its pods by one for each node, so that no old answer
/// stays.
pub(super) async fn forward_to(client: &Client, server: &str, nodes: usize, step: &StepHandle) -> Result<()> {
    let configs: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
    let corefile = eventually(step, "CoreDNS' configuration", CONFIGURED, async || {
        let config = configs.get(COREDNS).await?.data.unwrap_or_default();
        Ok(
            match config
                .get("Corefile")
                .and_then(|corefile| forwarded(corefile, server))
            {
                Some(corefile) => Verdict::Ready(corefile),
                None => Verdict::Failed("has no line that begins with `forward .`".to_owned()),
            },
        )
    })
    .await?;
    let patch = Patch::Merge(json!({ "data": { "Corefile": corefile } }));
    configs
        .patch(COREDNS, &PatchParams::default(), &patch)
        .await
        .context("change CoreDNS' configuration")?;
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
    let scale = Patch::Merge(json!({ "spec": { "replicas": nodes } }));
    deployments
        .patch(COREDNS, &PatchParams::default(), &scale)
        .await
        .context("scale CoreDNS")?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), NAMESPACE);
    let at_once = DeleteParams::default().grace_period(0);
    pods.delete_collection(&at_once, &ListParams::default().labels(PODS))
        .await
        .context("restart CoreDNS")?;
    Ok(())
}

/// Waits until `CoreDNS` answers, from new pods alone.
pub(super) async fn ready(client: &Client, step: &StepHandle) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
    eventually(step, "CoreDNS", READY, async || {
        let deployment = deployments.get(COREDNS).await?;
        let wanted = deployment.spec.and_then(|spec| spec.replicas).unwrap_or(1);
        let status = deployment.status.unwrap_or_default();
        let (all, ready) = (status.replicas.unwrap_or(0), status.ready_replicas.unwrap_or(0));
        Ok(if all == wanted && ready == wanted {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("{ready} of {wanted} ready, {all} in all"))
        })
    })
    .await
}

fn forwarded(corefile: &str, server: &str) -> Option<String> {
    let mut found = false;
    let lines: Vec<_> = corefile
        .lines()
        .map(|line| {
            let Some(rest) = line.trim_start().strip_prefix("forward . ") else {
                return line.to_owned();
            };
            found = true;
            let indent = &line[..line.len() - line.trim_start().len()];
            let block = if rest.trim_end().ends_with('{') { " {" } else { "" };
            format!("{indent}forward . {server}{block}")
        })
        .collect();
    found.then(|| lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::forwarded;

    #[test]
    fn only_the_upstream_changes() {
        let before = ".:53 {\n    errors\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n    cache 30\n}\n";
        let after = ".:53 {\n    errors\n    forward . 10.89.0.1 {\n       max_concurrent 1000\n    }\n    cache 30\n}\n";
        assert_eq!(forwarded(before, "10.89.0.1").as_deref(), Some(after));
        assert_eq!(forwarded(".:53 {\n  errors\n}\n", "10.89.0.1"), None);
    }
}
