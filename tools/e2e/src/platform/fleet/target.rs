//! What a cluster has before it becomes a target: the rights of the hub's Argo CD in it, and a
//! login.

use anyhow::Result;

use super::login;
use crate::cluster::Cluster;
use crate::platform::kustomize;
use crate::run::{Harness, StepHandle};

const RIGHTS: &str = "infra/target";

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
