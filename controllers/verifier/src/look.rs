//! What the cluster says of one app at one moment.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::de::IgnoredAny;

use crate::cluster::Cluster;
use crate::kubernetes::List;
use crate::release::{Application, CronJob, Deployment, Job, Pod, Service};
use crate::settings::Settings;
use crate::soak::{CheckRun, Checks, Seen, Sight};

/// The apps that Argo CD has for the namespace.
pub(crate) fn applications(cluster: &Cluster, settings: &Settings) -> Result<BTreeSet<String>> {
    let list: List<Application> = cluster
        .get(&applications_path(settings))?
        .context("Argo CD is not installed here")?;
    let ours = list
        .items
        .into_iter()
        .filter(|one| one.is_for(&settings.namespace));
    Ok(ours.map(|one| one.metadata.name).collect())
}

/// What one look finds.
pub(crate) enum Look {
    /// Nothing that runs, or no app.
    Nothing,
    /// Argo CD has not compared it with a commit yet, or is about to.
    Moving,
    There(Seen),
}

/// What is there of an app.
///
/// Argo CD is asked before and after the rest, so that all of it is of one commit.
pub(crate) fn look(cluster: &Cluster, settings: &Settings, app: &str) -> Result<Look> {
    let Some(before) = application(cluster, settings, app)? else {
        return Ok(Look::Nothing);
    };
    let apps = format!(
        "/apis/apps/v1/namespaces/{}/deployments/{app}",
        settings.namespace
    );
    let deployment: Option<Deployment> = cluster.get(&apps)?;
    let pods = match &deployment {
        Some(deployment) => pods(cluster, settings, deployment)?,
        // What runs at given times has none all the time; what has neither is no app.
        None if runs_at_times(cluster, settings, app)? => Vec::new(),
        None => return Ok(Look::Nothing),
    };
    let after = application(cluster, settings, app)?;
    if after.as_ref() != Some(&before) || before.status.sync.revision.is_empty() {
        return Ok(Look::Moving);
    }
    let mut seen = Seen {
        revision: before.status.sync.revision.clone(),
        identity: identity(&before, &pods),
        ends: ends(&pods),
        sight: before.sight(),
        checks: checks(cluster, settings, app)?,
    };
    if matches!(seen.sight, Sight::Healthy(_)) {
        seen.sight = match &deployment {
            Some(deployment) => deployment.sight(&pods),
            None => Sight::Healthy("its CronJob is there".to_owned()),
        };
    }
    if matches!(seen.sight, Sight::Healthy(_))
        && let Some(port) = port(cluster, settings, app)?
        && let Some(wrong) = cluster.check(app, port)
    {
        seen.sight = Sight::CheckFailed(wrong);
    }
    Ok(Look::There(seen))
}

fn applications_path(settings: &Settings) -> String {
    format!(
        "/apis/argoproj.io/v1alpha1/namespaces/{}/applications",
        settings.argocd
    )
}

fn application(cluster: &Cluster, settings: &Settings, app: &str) -> Result<Option<Application>> {
    cluster.get(&format!("{}/{app}", applications_path(settings)))
}

/// Whether the app is a `CronJob`.
fn runs_at_times(cluster: &Cluster, settings: &Settings, app: &str) -> Result<bool> {
    let path = format!("/apis/batch/v1/namespaces/{}/cronjobs/{app}", settings.namespace);
    let found: Option<IgnoredAny> = cluster.get(&path)?;
    Ok(found.is_some())
}

/// The checks of an app: what runs at given times and says by its labels that it is one.
fn checks(cluster: &Cluster, settings: &Settings, app: &str) -> Result<Checks> {
    let batch = format!("/apis/batch/v1/namespaces/{}", settings.namespace);
    let labels = format!("app.kubernetes.io/component%3Dcheck,app.kubernetes.io/name%3D{app}");
    let path = |kind: &str| format!("{batch}/{kind}?labelSelector={labels}");
    let named: List<CronJob> = cluster.get(&path("cronjobs"))?.context("there are no CronJobs")?;
    let named: Vec<_> = named.items.into_iter().map(|check| check.metadata.name).collect();
    let mut checks = Checks::named(named.iter().cloned());
    if !named.is_empty() {
        let jobs: List<Job> = cluster.get(&path("jobs"))?.context("there are no Jobs")?;
        for job in jobs.items {
            let run = CheckRun {
                name: job.metadata.name.clone(),
                passed: job.passed(),
            };
            checks.ran(job.owner(), run);
        }
    }
    Ok(checks)
}

/// The pods of a Deployment that are to stay.
fn pods(cluster: &Cluster, settings: &Settings, deployment: &Deployment) -> Result<Vec<Pod>> {
    let labels = &deployment.spec.selector.match_labels;
    let labels: Vec<_> = labels
        .iter()
        .map(|(key, value)| format!("{key}%3D{value}"))
        .collect();
    let path = format!(
        "/api/v1/namespaces/{}/pods?labelSelector={}",
        settings.namespace,
        labels.join(",")
    );
    let list: List<Pod> = cluster.get(&path)?.context("the namespace has no pods")?;
    let stays = |pod: &Pod| pod.metadata.deletion_timestamp.is_none();
    Ok(list.items.into_iter().filter(stays).collect())
}

/// How often a container of each pod has ended. A pod that was evicted is kept, and has been
/// replaced.
fn ends(pods: &[Pod]) -> BTreeMap<String, u32> {
    let pods = pods.iter().filter(|pod| !pod.is_over());
    pods.map(|pod| (pod.metadata.name.clone(), pod.ends())).collect()
}

/// The port by which the Service of an app is checked.
fn port(cluster: &Cluster, settings: &Settings, app: &str) -> Result<Option<u16>> {
    let path = format!("/api/v1/namespaces/{}/services/{app}", settings.namespace);
    let service: Option<Service> = cluster.get(&path)?;
    Ok(service.and_then(|service| service.http()))
}

/// What has to stay the same for the whole time: the pods' template and the sync that brought it.
fn identity(application: &Application, pods: &[Pod]) -> String {
    let templates: BTreeSet<_> = pods.iter().filter_map(Pod::template).collect();
    let templates: Vec<_> = templates.into_iter().collect();
    format!("{}@{}", templates.join("+"), application.last_synced())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, phase: &str, state: &str) -> Pod {
        let pod = json!({
            "metadata": { "name": name },
            "spec": { "containers": [] },
            "status": { "phase": phase, "containerStatuses": [{ "state": { state: {} } }] },
        });
        serde_json::from_value(pod).unwrap()
    }

    #[test]
    fn a_pod_that_was_evicted_is_no_release_that_ends() {
        let pods = [
            pod("evicted", "Failed", "terminated"),
            pod("ended", "Running", "terminated"),
            pod("well", "Running", "running"),
        ];
        let expected = [("ended".to_owned(), 1), ("well".to_owned(), 0)];
        assert_eq!(ends(&pods), expected.into());
    }
}
