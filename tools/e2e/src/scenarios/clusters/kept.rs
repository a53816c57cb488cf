//! What of a cluster must not change while the hub forgets it and finds it again.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::cluster::Cluster;
use crate::environment::apps;
use crate::gitops::{self, Application, Status};
use crate::run::{StepHandle, Testbed};
use crate::scenarios::objects::{self, Objects};
use crate::scenarios::workloads;
use crate::wait::{Verdict, eventually};

/// From a Secret to Applications that are live.
const LIVE: Duration = Duration::from_mins(1);
/// From the end of a Secret to that of the Applications.
const GONE: Duration = Duration::from_secs(20);

/// What there is in a cluster.
pub(super) struct Kept {
    pods: BTreeSet<String>,
    objects: Objects,
}

impl Kept {
    /// What there is now.
    pub(super) async fn of(cluster: &Cluster) -> Result<Self> {
        Ok(Self {
            pods: workloads::pod_uids(cluster).await?,
            objects: objects::all(&cluster.client).await?,
        })
    }

    /// An error unless there is the same, down to each pod.
    pub(super) async fn is_there(&self, cluster: &Cluster) -> Result<()> {
        let now = Self::of(cluster).await?;
        ensure!(
            now.pods == self.pods,
            "pods of {} were replaced: {:?} before, {:?} now",
            cluster.name,
            self.pods,
            now.pods
        );
        objects::same(&self.objects, &now.objects)
    }
}

/// Waits until the hub has no Application of a cluster.
pub(super) async fn without_applications(step: &StepHandle, cluster: &Cluster) -> Result<()> {
    let what = format!("the end of the Applications of {}", cluster.name);
    eventually(step, &what, GONE, async || {
        let left = gitops::list(cluster).await?.len();
        Ok(if left == 0 {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("{left} are there"))
        })
    })
    .await
}

/// Waits until all Applications of a cluster are live at the newest commit. They may be new ones
/// over what is there.
pub(super) async fn live(testbed: &Testbed, step: &StepHandle, cluster: &Cluster) -> Result<Instant> {
    let head = testbed.manifests().catch_up().await?;
    let all = [cluster.own_applications(), apps().as_slice()].concat();
    gitops::apps(step, cluster, &all).at(&head).arrived(LIVE).await?;
    Ok(Instant::now())
}

/// Makes a cluster of that name in EKS again, and waits until all is as before.
pub(super) async fn made_again(
    testbed: &Testbed,
    step: &StepHandle,
    cluster: &Cluster,
    before: &Kept,
) -> Result<()> {
    let fleet = testbed.fleet()?;
    fleet.eks.create(cluster).await?;
    fleet.registered(step, cluster).await?;
    live(testbed, step, cluster).await?;
    before.is_there(cluster).await
}

/// An error unless no Application of a cluster has synced anything since it was made.
pub(super) async fn nothing_was_synced(cluster: &Cluster) -> Result<()> {
    let all = gitops::list(cluster).await?;
    each(
        cluster,
        all,
        Status::is_adopted,
        "was synced although all was there",
    )
}

/// An error unless the hub has an Application for each app of a cluster, and has left all of them
/// alone.
pub(super) async fn nothing_was_looked_at(cluster: &Cluster) -> Result<()> {
    let all = gitops::list(cluster).await?;
    let expected = cluster.own_applications().len() + apps().len();
    ensure!(
        all.len() == expected,
        "{} has {} Applications and not {expected}",
        cluster.name,
        all.len()
    );
    each(
        cluster,
        all,
        Status::is_untouched,
        "was looked at by a hub that stands by",
    )
}

/// An error that says what else became of an Application, unless all of them are so.
fn each(cluster: &Cluster, all: Vec<Application>, is_so: fn(&Status) -> bool, else_it: &str) -> Result<()> {
    for app in all {
        let status = app.status.unwrap_or_default();
        ensure!(
            is_so(&status),
            "{} of {} {else_it}: {}",
            app.metadata.name.unwrap_or_default(),
            cluster.name,
            status.summary()
        );
    }
    Ok(())
}
