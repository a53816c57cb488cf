//! Waiting for Argo CD: until a commit is live, has failed, or everything is Synced and Healthy.

mod requests;
mod status;
mod steady;

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use e2e_report::Milestone;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Api;
use kube::api::ListParams;

pub(crate) use requests::{compares_again, refresh, sync_by_hand};
use status::judge;
pub(crate) use status::{Application, Status};
pub(crate) use steady::{created, refreshed, steady};

use crate::argocd::{NAMESPACE, resource};
use crate::cluster::Cluster;
use crate::git::short;
use crate::progress::StepHandle;
use crate::recorder::Way;
use crate::wait::{Verdict, consistently, eventually};

/// How long a state must last to count: longer than the moment in which a new operation has wiped
/// the last one's result.
const HELD: Duration = Duration::from_secs(3);

/// The Applications of a cluster.
pub(crate) fn api(cluster: &Cluster) -> Api<Application> {
    Api::namespaced_with(cluster.client.clone(), NAMESPACE, &resource("Application"))
}

/// Wait until `apps` have been synced to exactly `revision` and are healthy, and see that it stays
/// so.
pub(crate) async fn live(
    step: &StepHandle,
    cluster: &Cluster,
    apps: &[&str],
    revision: &str,
    within: Duration,
) -> Result<()> {
    live_since(step, cluster, apps, revision, within).await.map(drop)
}

/// The same, and since when it was so.
pub(crate) async fn live_since(
    step: &StepHandle,
    cluster: &Cluster,
    apps: &[&str],
    revision: &str,
    within: Duration,
) -> Result<Instant> {
    arrived(step, cluster, apps, revision, within).await?;
    let since = Instant::now();
    let what = place(cluster, apps, revision);
    consistently(step, &what, HELD, async || look(cluster, apps, revision).await).await?;
    Ok(since)
}

/// Wait until `apps` have been synced to exactly `revision` and are healthy; for who goes on at
/// once and asks nothing of the new pods, or sees by other means that it stays so.
pub(crate) async fn arrived(
    step: &StepHandle,
    cluster: &Cluster,
    apps: &[&str],
    revision: &str,
    within: Duration,
) -> Result<()> {
    let what = place(cluster, apps, revision);
    eventually(step, &what, within, async || look(cluster, apps, revision).await).await
}

fn place(cluster: &Cluster, apps: &[&str], revision: &str) -> String {
    format!(
        "{} at {} on {}",
        apps.join(", "),
        short(revision),
        cluster.environment
    )
}

/// Wait until `judge` is content with what Argo CD says of an Application.
pub(crate) async fn until<T>(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    what: &str,
    within: Duration,
    judge: impl Fn(&Status) -> Verdict<T>,
) -> Result<T> {
    let what = format!("{app} on {} {what}", cluster.environment);
    eventually(step, &what, within, async || {
        let found = api(cluster).get(app).await?;
        Ok(judge(&found.status.unwrap_or_default()))
    })
    .await
}

/// Wait until an Application's sync to `revision` has failed, or Argo CD refuses to begin it, and
/// give its words.
pub(crate) async fn failed(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    revision: &str,
    within: Duration,
) -> Result<String> {
    let what = format!("fails at {}", short(revision));
    let failed = |status: &Status| match (judge(Some(status), revision), status.refusal(revision)) {
        (Verdict::Failed(why), _) | (Verdict::Pending(_), Some(why)) => Verdict::Ready(why),
        (Verdict::Ready(()), _) => Verdict::Failed("it succeeded".to_owned()),
        (Verdict::Pending(why), None) => Verdict::Pending(why),
    };
    until(step, cluster, app, &what, within, failed).await
}

/// Wait until an Application's sync to `revision` is over. Gives why it failed; none if it is live.
pub(crate) async fn ended(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    revision: &str,
    within: Duration,
) -> Result<Option<String>> {
    let what = format!("ends its sync to {}", short(revision));
    let ended = |status: &Status| match judge(Some(status), revision) {
        Verdict::Ready(()) => Verdict::Ready(None),
        Verdict::Failed(why) => Verdict::Ready(Some(why)),
        Verdict::Pending(why) => Verdict::Pending(why),
    };
    until(step, cluster, app, &what, within, ended).await
}

/// Wait until an Application is at rest at `revision`, whether or not that was left to sync.
pub(crate) async fn settled(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    revision: &str,
    within: Duration,
) -> Result<()> {
    let what = format!("is at rest at {}", short(revision));
    let settled = |status: &Status| status.ready_if(status.is_steady_at(revision));
    until(step, cluster, app, &what, within, settled).await
}

/// Wait until a sync of an Application to `revision` is under way.
pub(crate) async fn syncing(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    revision: &str,
    within: Duration,
) -> Result<()> {
    let what = format!("syncs {}", short(revision));
    let syncing = |status: &Status| status.ready_if(status.is_syncing(revision));
    until(step, cluster, app, &what, within, syncing).await
}

/// Wait until `revision` is what an Application runs, and Argo CD calls that Degraded.
pub(crate) async fn degraded(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    revision: &str,
    within: Duration,
) -> Result<()> {
    let what = format!("is Degraded at {}", short(revision));
    let degraded = |status: &Status| status.ready_if(status.is_degraded_at(revision));
    until(step, cluster, app, &what, within, degraded).await
}

/// When the last sync of an Application began, in whole seconds.
pub(crate) async fn sync_began(cluster: &Cluster, app: &str) -> Result<SystemTime> {
    let found = api(cluster).get(app).await?;
    let operation = found.status.and_then(|status| status.operation_state);
    let began = operation.and_then(|operation| operation.started_at);
    let Time(began) = began.with_context(|| format!("{app} was never synced"))?;
    Ok(began.into())
}

/// Wait until an Application has been synced to `revision`, and catch it while its pods are still
/// being replaced.
pub(crate) async fn rolling_out(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    revision: &str,
    within: Duration,
) -> Result<()> {
    let what = format!("{app} rolls {} out", short(revision));
    eventually(step, &what, within, async || {
        let status = api(cluster).get(app).await?.status.unwrap_or_default();
        Ok(match judge(Some(&status), revision) {
            Verdict::Failed(why) => Verdict::Failed(why),
            Verdict::Ready(()) => Verdict::Failed("it is over already".to_owned()),
            Verdict::Pending(_) if status.is_rolling_out(revision) => Verdict::Ready(()),
            Verdict::Pending(why) => Verdict::Pending(why),
        })
    })
    .await
}

/// Note when the last sync of an Application ran. Only for the report: what cannot be read is left
/// out.
pub(crate) async fn note_sync(way: &Way, cluster: &Cluster, app: &str) {
    let found = api(cluster).get(app).await.ok();
    let operation = found.and_then(|app| app.status?.operation_state);
    let Some(operation) = operation else { return };
    for (milestone, time) in [
        (Milestone::Detected, operation.started_at),
        (Milestone::Applied, operation.finished_at),
    ] {
        if let Some(Time(time)) = time {
            way.mark_time(milestone, time.into());
        }
    }
}

async fn list(cluster: &Cluster) -> Result<Vec<Application>> {
    let listed = api(cluster).list(&ListParams::default()).await;
    let listed = listed.with_context(|| format!("list the Applications on {}", cluster.environment))?;
    Ok(listed.items)
}

async fn look(cluster: &Cluster, apps: &[&str], revision: &str) -> Result<Verdict<()>> {
    let found = list(cluster).await?;
    let mut pending = Vec::new();
    for name in apps {
        let Some(app) = found
            .iter()
            .find(|app| app.metadata.name.as_deref() == Some(name))
        else {
            pending.push(format!("{name}: does not exist yet"));
            continue;
        };
        match judge(app.status.as_ref(), revision) {
            Verdict::Ready(()) => {}
            Verdict::Pending(why) => pending.push(format!("{name}: {why}")),
            Verdict::Failed(why) => return Ok(Verdict::Failed(format!("{name}: {why}"))),
        }
    }
    Ok(if pending.is_empty() {
        Verdict::Ready(())
    } else {
        Verdict::Pending(pending.join("; "))
    })
}
