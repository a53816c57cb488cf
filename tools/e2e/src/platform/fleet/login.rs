//! What lets the hub's Argo CD log in to its targets: the roles of infra/aws, and the access
//! entries that EKS would make of the same template.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::environment::project;
use crate::run::Harness;
use crate::world::{aws, iam_proxy};

const HUB: &str = "infra/aws/hub.yaml";

/// Makes the roles of the hub, which its accounts may take on.
pub(crate) async fn of_hub(harness: &Harness, hub: &Cluster) -> Result<()> {
    deploy_hub(
        harness,
        "create",
        vec![("HubOidcProvider", hub.environment.issuer())],
    )
    .await
}

/// Lets the accounts of another hub take on these roles too.
pub(crate) async fn of_hubs(harness: &Harness, hub: &Cluster, next: &Cluster) -> Result<()> {
    let issuers = vec![
        ("HubOidcProvider", hub.environment.issuer()),
        ("OtherHubOidcProvider", next.environment.issuer()),
    ];
    deploy_hub(harness, "update", issuers).await
}

async fn deploy_hub(harness: &Harness, verb: &str, issuers: Vec<(&str, String)>) -> Result<()> {
    let stack = format!("{}-hub", project().name());
    aws::deploy_stack(harness, &stack, verb, HUB, issuers).await
}

/// Makes the role that the hub's Argo CD takes on in a target, and has the target let it in.
pub(super) async fn to_target(harness: &Harness, cluster: &Cluster) -> Result<()> {
    aws::create_cluster(harness, cluster.environment, ("Target", cluster.name.clone())).await?;
    let file = harness.run.repo.join(aws::CLUSTER);
    let template = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    let entries = entries(&template, &harness.account.id, &cluster.name)
        .with_context(|| format!("understand {}", file.display()))?;
    iam_proxy::let_in(harness, cluster, &entries)
}

/// The access entry of the template for `Target`.
fn entries(template: &str, account: &str, target: &str) -> Result<Value> {
    let template: Value = serde_saphyr::from_str(template).context("it is no YAML")?;
    let resource = |name: &str| template["Resources"][name]["Properties"].clone();
    let (role, entry) = (resource("TargetRole"), resource("TargetEntry"));
    let name = role["RoleName"].as_str().context("its TargetRole has no name")?;
    let name = name.replace("${Target}", target);
    let groups = entry["KubernetesGroups"].as_array();
    let groups = groups.context("its TargetEntry has no groups")?;
    Ok(json!([{
        "PrincipalArn": format!("arn:aws:iam::{account}:role/{name}"),
        "KubernetesGroups": groups,
    }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_that_of_the_template() {
        let template = "Resources:\n  TargetRole:\n    Properties: {RoleName: !Sub \"hub-${Target}\"}\n  \
                        TargetEntry:\n    Properties: {KubernetesGroups: [g]}\n";
        let entry = json!([{"PrincipalArn": "arn:aws:iam::1:role/hub-blue", "KubernetesGroups": ["g"]}]);
        assert_eq!(entries(template, "1", "blue").unwrap(), entry);
        assert!(entries("Resources: {}", "1", "blue").is_err());
    }
}
