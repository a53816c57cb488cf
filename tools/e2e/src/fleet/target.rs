//! What a cluster has before it becomes a target: the rights of the hub's Argo CD in it, and a
//! token by which that logs in.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::cluster::Cluster;
use crate::harness::Harness;
use crate::kustomize;
use crate::process::Tool;
use crate::progress::StepHandle;

const RIGHTS: &str = "infra/local/target";
const ACCOUNT: &str = "argocd-hub";
const ASK: Duration = Duration::from_secs(30);

/// Applies the rights and keeps a token.
pub(crate) async fn prepare(harness: &Harness, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    step.doing("give the hub its rights");
    let log = harness.run.log(&format!("target-{}", cluster.environment));
    kustomize::apply(harness, cluster, RIGHTS, &log).await?;
    let token = token(harness, cluster, ACCOUNT, ACCOUNT).await?;
    let folder = tokens(harness);
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let file = folder.join(&cluster.name);
    fs::write(&file, token).with_context(|| format!("write {}", file.display()))
}

/// The folder of the targets' tokens, one file for each.
pub(super) fn tokens(harness: &Harness) -> PathBuf {
    harness.run.file("tokens")
}

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
    let log: &Path = &harness.run.log("tokens");
    let create = cluster.kubectl(harness, &shell, &create);
    let token = Tool::new(create, log, ASK).quiet().read().await;
    token.with_context(|| format!("make a token of {account} on {}", cluster.name))
}
