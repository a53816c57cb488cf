//! Previews, brought in as a person does it: the roles, the image of the keeper, the tokens, and
//! what Argo CD calls its own cluster besides. And what is there of them.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};
use serde_json::json;
use xshell::Shell;

use crate::actors::Administrator;
use crate::cluster::Cluster;
use crate::environment::project;
use crate::git::checkout::replaced_once;
use crate::gitops;
use crate::host::process::Tool;
use crate::platform::argocd::NAMESPACE as ARGOCD;
use crate::platform::controller_image::{UNBUILT, pushed};
use crate::platform::{kustomize, rollout, verifier};
use crate::run::{Harness, StepHandle, Testbed};
use crate::world::aws;

/// The namespace of the keeper, its Deployment, and the folder of the registry with images of
/// previews but for its last letter.
pub(crate) const NAME: &str = "previews";
/// What begins the names of namespaces and Applications of previews.
pub(crate) const PREFIX: &str = "preview-";
/// What begins the names of their tables.
pub(crate) const TABLES: &str = "messages-preview-";
/// The configuration with what only this machine adds to it.
const LOCAL: &str = "infra/local/previews";
/// The account that Argo CD is for previews.
const ACCOUNT: &str = "argocd";
const ASK: Duration = Duration::from_secs(30);

/// Installs them in the cluster of the first environment, if they are not there.
pub(crate) async fn ensure(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let cluster = testbed.first();
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAME);
    if deployments.get_opt(NAME).await?.is_some() {
        return Ok(());
    }
    let harness = &testbed.harness;
    step.doing("make the roles");
    let parameters = vec![
        ("Project", project().name().to_owned()),
        ("PreviewOidcProvider", cluster.environment.issuer()),
    ];
    let stack = format!("{}-{NAME}", project().name());
    aws::create_stack(harness, &stack, "infra/aws/previews.yaml", parameters).await?;
    step.doing("build the image of the keeper");
    let digest = pushed(harness, &testbed.world, verifier::NAME).await?;
    step.doing("apply previews");
    let log = harness.run.log(NAME);
    let manifests = kustomize::rendered(harness, LOCAL, &log).await?;
    let manifests = replaced_once(LOCAL, &manifests, UNBUILT, &digest)?;
    let token = [("token", testbed.world.forge.token.as_str())];
    // A generator that finds no token looks again three minutes later.
    cluster
        .give_secret(ARGOCD, "previews-forge", json!({}), &token)
        .await?;
    cluster.apply(harness, &manifests, &log).await?;
    cluster.give_secret(NAME, "forge", json!({}), &token).await?;
    give_cluster(testbed).await?;
    rollout::finished(step, &deployments, NAME).await
}

/// Tells Argo CD the second name of its cluster, and as whom it comes there.
async fn give_cluster(testbed: &Testbed) -> Result<()> {
    let (harness, cluster) = (&testbed.harness, testbed.first());
    let token = token(harness, cluster, NAME, ACCOUNT).await?;
    let (authority, _) = cluster.access()?;
    let config = json!({ "bearerToken": token.trim(), "tlsClientConfig": { "caData": authority } });
    let labels = json!({ "argocd.argoproj.io/secret-type": "cluster" });
    let texts = [
        ("name", NAME),
        ("server", "https://kubernetes.default.svc.cluster.local"),
        ("config", &config.to_string()),
    ];
    cluster
        .give_secret(ARGOCD, "cluster-previews", labels, &texts)
        .await
}

/// A token of a service account, for a day.
async fn token(harness: &Harness, cluster: &Cluster, namespace: &str, account: &str) -> Result<String> {
    let shell = Shell::new().context("open a shell")?;
    let create = [
        "--namespace",
        namespace,
        "create",
        "token",
        account,
        "--duration",
        "24h",
    ];
    let log = &harness.run.log("tokens");
    let create = cluster.kubectl(harness, &shell, &create);
    let token = Tool::new(create, log, ASK).quiet().read().await;
    token.with_context(|| format!("make a token of {account} on {}", cluster.name))
}

/// What there is of previews: namespaces, tables and Applications.
pub(crate) async fn left(testbed: &Testbed) -> Result<BTreeSet<String>> {
    let namespaces: Api<Namespace> = Api::all(testbed.first().client.clone());
    let applications = gitops::api(testbed.first());
    let all = ListParams::default();
    let mut left = BTreeSet::new();
    let found = namespaces.list(&all).await.context("list namespaces")?;
    left.extend(found.iter().map(|one| format!("Namespace/{}", one.name_any())));
    let found = applications.list(&all).await.context("list Applications")?;
    left.extend(found.iter().map(|one| format!("Application/{}", one.name_any())));
    left.retain(|name| name.contains(&format!("/{PREFIX}")));
    left.extend(Administrator::of(testbed).tables(TABLES).await?);
    Ok(left)
}
