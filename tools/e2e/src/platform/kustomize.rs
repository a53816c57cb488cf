//! What the kustomizations of this repository come to.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::cluster::Cluster;
use crate::host::process::Tool;
use crate::run::Harness;

const RENDER: Duration = Duration::from_secs(30);

/// What kustomize makes of a folder, taken from the root of the repository unless absolute.
pub(crate) async fn rendered(harness: &Harness, folder: impl AsRef<Path>, log: &Path) -> Result<String> {
    let shell = Shell::new().context("open a shell")?;
    let (kustomize, folder) = (&harness.parts.tools.kustomize, harness.run.repo.join(folder));
    let render = cmd!(shell, "{kustomize} build {folder}");
    let manifests = Tool::new(render, log, RENDER).quiet().read().await;
    manifests.with_context(|| format!("render {}", folder.display()))
}

/// Applies that to a cluster where nobody else writes what is in it.
pub(crate) async fn apply(harness: &Harness, cluster: &Cluster, folder: &str, log: &Path) -> Result<()> {
    let manifests = rendered(harness, folder, log).await?;
    let applied = cluster.apply(harness, &manifests, log).await;
    applied.with_context(|| format!("apply {folder}"))
}

/// The same where somebody else does.
pub(crate) async fn apply_over(harness: &Harness, cluster: &Cluster, folder: &str, log: &Path) -> Result<()> {
    let manifests = rendered(harness, folder, log).await?;
    let applied = cluster.apply_over(harness, &manifests, log).await;
    applied.with_context(|| format!("apply {folder}"))
}
