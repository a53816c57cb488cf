//! What a cluster has before it becomes a target: the rights of the hub's Argo CD in it, and a
//! login.

use std::time::Duration; // wing: previews

use anyhow::Context as _; // wing: previews
use anyhow::Result;
use xshell::Shell; // wing: previews

use super::login;
use crate::cluster::Cluster;
use crate::harness::Harness;
use crate::kustomize;
use crate::process::Tool; // wing: previews
use crate::progress::StepHandle;

const RIGHTS: &str = "infra/target";
const ASK: Duration = Duration::from_secs(30); // wing: previews

/// Applies the rights, and lets the hub log in.
pub(crate) async fn prepare(harness: &Harness, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    give_rights(harness, cluster, step).await?;
    step.doing("let the hub log in");
    login::to_target(harness, cluster).await
}

/// Applies the rights, which go with the namespace of the apps.
pub(crate) async fn give_rights(harness: &Harness, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    step.doing("give the hub its rights");
    let log = harness.run.log(&format!("target-{}", cluster.environment));
    kustomize::apply(harness, cluster, RIGHTS, &log).await
}

// wing: previews
/// A token of a service account, for a day.
pub(crate) async fn token(
    harness: &Harness,
    cluster: &Cluster,
    namespace: &str,
    account: &str,
) -> Result<String> {
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
// end of wing
