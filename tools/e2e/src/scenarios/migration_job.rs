//! The migration Job, as a person with `kubectl` sees and handles it.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{DeleteParams, ListParams, LogParams, PostParams};
use kube::{Api, ResourceExt as _};
use xshell::Shell;

use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::undo::Undo;
use crate::scenarios::workloads::JOB;
use crate::wait::{Verdict, eventually};

const BEGUN: Duration = Duration::from_secs(20);
const ENDED: Duration = Duration::from_secs(40);
const SECOND: &str = "backend-migrate-by-hand";
/// What Kubernetes itself writes on the pods of a Job; another Job has its own.
const OF_ONE_JOB: [&str; 4] = [
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
];

fn jobs(cluster: &Cluster) -> Api<Job> {
    Api::namespaced(cluster.client.clone(), NAMESPACE)
}

fn pods(cluster: &Cluster) -> Api<Pod> {
    Api::namespaced(cluster.client.clone(), NAMESPACE)
}

async fn pods_of(cluster: &Cluster, job: &str) -> Result<Vec<Pod>> {
    let listed = pods(cluster)
        .list(&ListParams::default().labels(&format!("job-name={job}")))
        .await;
    Ok(listed
        .with_context(|| format!("list the pods of Job {job}"))?
        .items)
}

/// When the container of the last migration began and ended, in whole seconds.
pub(crate) async fn ran(cluster: &Cluster) -> Result<[SystemTime; 2]> {
    let pods = pods_of(cluster, JOB).await?.into_iter();
    let ended = pods.filter_map(|pod| {
        let container = pod.status?.container_statuses?.into_iter().next()?;
        let ended = container.state?.terminated?;
        Some([ended.started_at?, ended.finished_at?])
    });
    let last = ended.max_by_key(|[_, ended]| ended.0);
    let last = last.context("the last migration has not ended")?;
    Ok(last.map(|Time(time)| time.into()))
}

/// What all pods of a Job have said.
async fn log(cluster: &Cluster, job: &str) -> Result<String> {
    let mut log = String::new();
    for pod in pods_of(cluster, job).await? {
        let name = pod.name_any();
        let said = pods(cluster).logs(&name, &LogParams::default()).await;
        log += &said.with_context(|| format!("read the log of pod {name}"))?;
    }
    Ok(log)
}

/// The last line with `word` that the last migration has said.
pub(crate) async fn said(cluster: &Cluster, word: &str) -> Result<String> {
    let log = log(cluster, JOB).await?;
    let line = log.lines().rev().find(|line| line.contains(word));
    line.map(str::to_owned)
        .with_context(|| format!("the migration says nothing of {word}; it says: {log}"))
}

/// Waits until the migration's pod says why it cannot start, and gives its words.
pub(crate) async fn cannot_start(step: &StepHandle, cluster: &Cluster) -> Result<String> {
    eventually(step, "what the migration's pod waits for", BEGUN, async || {
        let pods = pods_of(cluster, JOB).await?;
        let containers = pods
            .into_iter()
            .filter_map(|pod| pod.status?.container_statuses)
            .flatten();
        let waiting = containers
            .filter_map(|container| container.state?.waiting)
            .map(|waiting| {
                format!(
                    "{}: {}",
                    waiting.reason.unwrap_or_default(),
                    waiting.message.unwrap_or_default()
                )
            })
            .find(|why| why.starts_with("ErrImagePull") || why.starts_with("ImagePullBackOff"));
        Ok(match waiting {
            Some(why) => Verdict::Ready(why),
            None => Verdict::Pending("it does not complain yet".to_owned()),
        })
    })
    .await
}

/// Deletes the pod of the migration at work: it is asked to end, and ends at once.
pub(crate) async fn kill(cluster: &Cluster) -> Result<()> {
    let pods_of_it = pods_of(cluster, JOB).await?;
    let [pod] = pods_of_it.as_slice() else {
        bail!("the migration has {} pods, not one", pods_of_it.len());
    };
    let name = pod.name_any();
    let deleted = pods(cluster).delete(&name, &DeleteParams::default()).await;
    deleted.map(drop).with_context(|| format!("delete pod {name}"))
}

/// What tells the last migration from any other.
pub(crate) async fn uid(cluster: &Cluster) -> Result<Option<String>> {
    let job = jobs(cluster).get(JOB).await.context("read the last migration")?;
    Ok(job.uid())
}

/// Whether the last migration was one of `table`.
pub(crate) async fn was_for(cluster: &Cluster, table: &str) -> Result<bool> {
    let job = jobs(cluster).get_opt(JOB).await?;
    Ok(job.is_some_and(|job| table_of(&job) == Some(table)))
}

/// A migration that somebody starts beside the one of the release. It is gone when this is dropped.
pub(crate) struct Second<'a> {
    cluster: &'a Cluster,
    undo: Undo,
}

impl<'a> Second<'a> {
    /// Starts it on staging, the same as the release's migration of `table`, which must be at work.
    pub(crate) async fn start(testbed: &'a Testbed, table: &str) -> Result<Self> {
        let cluster = testbed.first();
        let first = jobs(cluster).get(JOB).await.context("read the first migration")?;
        ensure!(
            table_of(&first) == Some(table),
            "the migration at work is not that of {table}"
        );
        let shell = Shell::new().context("open a shell")?;
        let delete = [
            "delete",
            "job",
            SECOND,
            "--namespace",
            NAMESPACE,
            "--ignore-not-found",
            "--wait=false",
        ];
        let undo = Undo::by([cluster.kubectl(&testbed.harness, &shell, &delete)]);
        let created = jobs(cluster).create(&PostParams::default(), &copy(first)?).await;
        created.context("start a second migration")?;
        Ok(Self { cluster, undo })
    }

    /// Waits until it has succeeded, and gives all it has said.
    pub(crate) async fn ended_well(&self, step: &StepHandle) -> Result<String> {
        eventually(step, "the second migration", ENDED, async || {
            let status = jobs(self.cluster).get(SECOND).await?.status.unwrap_or_default();
            Ok(if status.succeeded == Some(1) {
                Verdict::Ready(())
            } else if status.failed.unwrap_or_default() > 0 {
                Verdict::Failed(format!("failed: {}", log(self.cluster, SECOND).await?))
            } else {
                Verdict::Pending("not yet".to_owned())
            })
        })
        .await?;
        log(self.cluster, SECOND).await
    }

    /// Removes it and its pod.
    pub(crate) async fn remove(self) -> Result<()> {
        let removed = jobs(self.cluster)
            .delete(SECOND, &DeleteParams::background())
            .await;
        removed.context("remove the second migration")?;
        self.undo.done();
        Ok(())
    }
}

/// The same Job under another name, and nothing of Argo CD's.
fn copy(job: Job) -> Result<Job> {
    let spec = job.spec.context("a Job has a spec")?;
    let PodTemplateSpec { metadata, spec: pod } = spec.template;
    let mut labels = metadata.unwrap_or_default().labels.unwrap_or_default();
    labels.retain(|name, _| !OF_ONE_JOB.contains(&name.as_str()));
    ensure!(
        !labels.is_empty(),
        "the network rules choose pods by their labels"
    );
    let named = |name: Option<&str>, labels| ObjectMeta {
        name: name.map(str::to_owned),
        labels: Some(labels),
        ..ObjectMeta::default()
    };
    Ok(Job {
        metadata: named(Some(SECOND), labels.clone()),
        spec: Some(JobSpec {
            backoff_limit: spec.backoff_limit,
            active_deadline_seconds: spec.active_deadline_seconds,
            template: PodTemplateSpec {
                metadata: Some(named(None, labels)),
                spec: pod,
            },
            ..JobSpec::default()
        }),
        status: None,
    })
}

fn table_of(job: &Job) -> Option<&str> {
    let pod = job.spec.as_ref()?.template.spec.as_ref()?;
    let settings = pod
        .containers
        .iter()
        .filter_map(|container| container.env.as_deref());
    let mut settings = settings.flatten();
    settings
        .find(|setting| setting.name == "TABLE_NAME")?
        .value
        .as_deref()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_second_migration_is_the_same_and_nobody_elses() {
        let job = json!({
            "metadata": { "name": JOB, "annotations": { "argocd.argoproj.io/hook": "PreSync" } },
            "spec": {
                "backoffLimit": 0,
                "selector": { "matchLabels": { "controller-uid": "1" } },
                "template": {
                    "metadata": { "labels": { "controller-uid": "1", "job-name": JOB, "app.kubernetes.io/name": "backend" } },
                    "spec": { "containers": [{ "name": "backend", "env": [{ "name": "TABLE_NAME", "value": "here" }] }] },
                },
            },
        });
        let copied = copy(serde_json::from_value(job).unwrap()).unwrap();
        assert_eq!(table_of(&copied), Some("here"));
        let (metadata, spec) = (copied.metadata, copied.spec.unwrap());
        assert_eq!(
            (metadata.name.as_deref(), metadata.annotations),
            (Some(SECOND), None)
        );
        assert!(spec.selector.is_none() && spec.backoff_limit == Some(0));
        let labels = spec.template.metadata.unwrap().labels.unwrap();
        assert_eq!(labels.keys().collect::<Vec<_>>(), ["app.kubernetes.io/name"]);
    }
}
