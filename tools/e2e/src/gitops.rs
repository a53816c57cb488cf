//! Waiting for Argo CD: until a commit is live, has failed, or everything is Synced and Healthy.

mod expect;
mod requests;
mod status;
mod steady;

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use e2e_report::Milestone;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Api;
use kube::api::ListParams;

pub(crate) use expect::{app, apps};
pub(crate) use requests::refresh;
pub(crate) use status::{Application, Status};
pub(crate) use steady::{created, refreshed, steady};

use crate::cluster::Cluster;
use crate::platform::argocd::{NAMESPACE, resource};
use crate::report::recorder::Way;

/// From a commit of which nobody tells Argo CD until it is live: two of its intervals, because what
/// a branch was is remembered for one, and the sync.
pub(crate) const POLLED: Duration = Duration::from_secs(2 * INTERVAL + 15);
/// `timeout.reconciliation` of infra/argocd, in seconds.
const INTERVAL: u64 = 60;

/// The Applications where the Argo CD of a cluster runs; [`Cluster::application`] says what they
/// are called there.
pub(crate) fn api(cluster: &Cluster) -> Api<Application> {
    let client = cluster.argocd().client.clone();
    Api::namespaced_with(client, NAMESPACE, &resource("Application"))
}

/// The Application of one app.
async fn get(cluster: &Cluster, app: &str) -> Result<Application> {
    let name = cluster.application(app);
    let found = api(cluster).get(&name).await;
    found.with_context(|| format!("read the Application {name}"))
}

/// When the last sync of an Application began and ended, in whole seconds.
pub(crate) async fn synced(cluster: &Cluster, app: &str) -> Result<[SystemTime; 2]> {
    let found = get(cluster, app).await?;
    let operation = found.status.and_then(|status| status.operation_state);
    let operation = operation.with_context(|| format!("{app} was never synced"))?;
    let time = |time: Option<Time>, what: &str| {
        let Time(time) = time.with_context(|| format!("the last sync of {app} has not {what}"))?;
        anyhow::Ok(time.into())
    };
    Ok([
        time(operation.started_at, "begun")?,
        time(operation.finished_at, "ended")?,
    ])
}

/// An error unless the last sync of an Application ended after a moment, as far as whole seconds
/// tell.
pub(crate) async fn ended_after(cluster: &Cluster, app: &str, moment: SystemTime) -> Result<()> {
    let [_, ended] = synced(cluster, app).await?;
    ensure!(
        lasted_until(ended, moment),
        "the last sync of {app} on {} had ended before, so nothing was shown",
        cluster.environment
    );
    Ok(())
}

/// Whether what ended at a time in whole seconds may have gone on until a moment.
fn lasted_until(ended: SystemTime, moment: SystemTime) -> bool {
    ended + Duration::from_secs(1) > moment
}

/// Note when the last sync of an Application ran. Only for the report: what cannot be read is left
/// out.
pub(crate) async fn note_sync(way: &Way, cluster: &Cluster, app: &str) {
    let found = get(cluster, app).await.ok();
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

/// Those of a cluster, each called as its app.
pub(crate) async fn list(cluster: &Cluster) -> Result<Vec<Application>> {
    let listed = api(cluster).list(&ListParams::default()).await;
    let listed = listed.with_context(|| format!("list the Applications on {}", cluster.environment))?;
    let of_cluster = listed.items.into_iter().filter_map(|mut application| {
        let app = cluster.app_of(application.metadata.name.as_deref()?)?.to_owned();
        application.metadata.name = Some(app);
        Some(application)
    });
    Ok(of_cluster.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run_dir::repo_root;

    #[test]
    fn polling_is_waited_for_as_long_as_its_settings_say() {
        let path = repo_root().unwrap().join("infra/argocd/settings.yaml");
        let settings = std::fs::read_to_string(path).unwrap();
        for setting in [
            format!("timeout.reconciliation: {INTERVAL}s"),
            "timeout.reconciliation.jitter: 0s".to_owned(),
        ] {
            assert!(settings.contains(&format!("\n  {setting}\n")), "{setting}");
        }
    }
}
