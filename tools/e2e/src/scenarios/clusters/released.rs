//! A release of the page to every environment, and of what a cluster has missed of one.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::actors::Operator;
use crate::cluster::Cluster;
use crate::environment::{Environment, PAGE};
use crate::gitops;
use crate::run::StepHandle;
use crate::scenarios::overlays;

/// From a merge to a page that is live, or from an API that answers to a release that was missed.
pub(super) const ARRIVED: Duration = Duration::from_secs(90);

/// Replaces the page's servers in every environment, by one commit, which this gives.
pub(super) async fn everywhere(operator: &Operator, mark: &str) -> Result<String> {
    let environments = Environment::all().iter();
    let changed: Vec<_> = environments
        .map(|&environment| overlays::in_environment(PAGE, environment))
        .collect();
    operator.patch_each(&changed, &[overlays::restart(mark)]).await
}

/// Waits until a commit of the page is live on these clusters; gives since when it was.
pub(super) async fn arrived(step: &StepHandle, clusters: &[Cluster], commit: &str) -> Result<Instant> {
    for cluster in clusters {
        gitops::app(step, cluster, PAGE)
            .at(commit)
            .arrived(ARRIVED)
            .await?;
    }
    Ok(Instant::now())
}

/// Waits until a commit is live whose sync may have failed and is repeated then. The failure stays
/// the last word until that, so it is not taken for the end.
pub(super) async fn caught_up(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    commit: &str,
    within: Duration,
) -> Result<()> {
    gitops::app(step, cluster, app)
        .until("synced after all", within, |status| {
            status.ready_if(status.has_synced(commit))
        })
        .await?;
    gitops::app(step, cluster, app).at(commit).arrived(within).await
}

/// Takes a release back, and waits until that is live on these clusters.
pub(super) async fn taken_back(
    step: &StepHandle,
    clusters: &[Cluster],
    operator: &Operator,
    commit: &str,
) -> Result<()> {
    let reverted = operator.revert(commit).await?;
    arrived(step, clusters, &reverted).await.map(drop)
}
