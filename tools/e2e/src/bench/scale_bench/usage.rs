//! What the processes use: memory and CPU as the kubelets count them, restarts, and what the forge
//! is asked.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::ListParams;
use serde::Deserialize;
use xshell::Shell;

use super::generated::NAME;
use crate::cluster::Cluster;
use crate::git::forge::{FORGE, ForgeAccess};
use crate::host::process::Tool;
use crate::platform::argocd::NAMESPACE as ARGOCD;
use crate::run::{Harness, StepHandle};
use crate::wait::{Verdict, eventually};

/// What is measured: its namespace, its container, and what people call it.
const PARTS: [(&str, &str, &str); 6] = [
    (ARGOCD, "argocd-application-controller", "controller"),
    (ARGOCD, "argocd-repo-server", "repo server"),
    (ARGOCD, "redis", "Redis"),
    (ARGOCD, "argocd-server", "server"),
    ("kube-system", "kube-apiserver", "API server"),
    ("kube-system", "etcd", "etcd"),
];

/// The kubelet looks at a container every 10 to 15 s.
const FRESH: Duration = Duration::from_mins(1);
const ASK: Duration = Duration::from_secs(30);

/// What a part had used at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    pub(super) memory: u64,
    pub(super) cpu_seconds: f64,
    pub(super) at: Timestamp,
}

/// Of each part, by what people call it.
pub(super) type Readings = BTreeMap<&'static str, Reading>;

/// Reads all parts of a cluster, none of them as it was before this moment.
pub(super) async fn read(step: &StepHandle, harness: &Harness, cluster: &Cluster) -> Result<Readings> {
    let now = Timestamp::try_from(SystemTime::now()).context("the clock of this machine is wrong")?;
    eventually(step, "memory and CPU", FRESH, async || {
        let mut readings = Readings::new();
        for node in cluster.environment.nodes() {
            let text = summary(harness, cluster, &node).await?;
            readings.extend(understood(&text)?);
        }
        let missing = PARTS.iter().find(|(.., part)| {
            let reading = readings.get(part);
            reading.is_none_or(|reading| reading.at < now)
        });
        Ok(match missing {
            Some((.., part)) => Verdict::Pending(format!("the kubelet has not looked at the {part} since")),
            None => Verdict::Ready(readings),
        })
    })
    .await
}

async fn summary(harness: &Harness, cluster: &Cluster, node: &str) -> Result<String> {
    let shell = Shell::new().context("open a shell")?;
    let path = format!("/api/v1/nodes/{node}/proxy/stats/summary");
    let ask = cluster.kubectl(harness, &shell, &["get", "--raw", &path]);
    Tool::new(ask, &harness.run.log(NAME), ASK).quiet().read().await
}

#[derive(Deserialize)]
struct Summary {
    pods: Vec<OfPod>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfPod {
    pod_ref: PodRef,
    #[serde(default)]
    containers: Vec<OfContainer>,
}

#[derive(Deserialize)]
struct PodRef {
    namespace: String,
}

#[derive(Deserialize)]
struct OfContainer {
    name: String,
    cpu: Option<Cpu>,
    memory: Option<Memory>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cpu {
    time: Timestamp,
    usage_core_nano_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    working_set_bytes: Option<u64>,
}

/// The parts among what a kubelet says of its node.
fn understood(summary: &str) -> Result<Readings> {
    let summary: Summary = serde_json::from_str(summary).context("understand the summary of a kubelet")?;
    let mut readings = Readings::new();
    for pod in summary.pods {
        for container in pod.containers {
            let is = |(namespace, name, _): &&(&str, &str, &str)| {
                (*namespace, *name) == (&pod.pod_ref.namespace, &container.name)
            };
            let Some((.., part)) = PARTS.iter().find(is) else {
                continue;
            };
            let (Some(cpu), Some(memory)) = (container.cpu, container.memory) else {
                continue;
            };
            let (Some(used), Some(memory)) = (cpu.usage_core_nano_seconds, memory.working_set_bytes) else {
                continue;
            };
            let reading = Reading {
                memory,
                cpu_seconds: Duration::from_nanos(used).as_secs_f64(),
                at: cpu.time,
            };
            readings.insert(part, reading);
        }
    }
    Ok(readings)
}

/// How often each container of Argo CD was restarted in its pod, and what its last end was called.
pub(super) async fn restarts(cluster: &Cluster) -> Result<BTreeMap<String, (i32, String)>> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), ARGOCD);
    let pods = pods
        .list(&ListParams::default())
        .await
        .context("list the pods of Argo CD")?;
    let statuses = pods
        .items
        .into_iter()
        .filter_map(|pod| pod.status?.container_statuses);
    let restarted = statuses.flatten().map(|status| {
        let ended = status.last_state.and_then(|state| state.terminated);
        let reason = ended.and_then(|ended| ended.reason).unwrap_or_default();
        (status.name, (status.restart_count, reason))
    });
    Ok(restarted.collect())
}

/// How often the forge was asked what a branch of the generated repository is, since it started.
pub(super) async fn asked(harness: &Harness) -> Result<usize> {
    let logs = Tool::of_engine(&harness.engine, ["logs", FORGE], &harness.run.log(NAME), ASK)?;
    let log = logs.quiet().read().await.context("read the log of the forge")?;
    Ok(questions(&log))
}

/// Each look of Git at a repository, whether it then fetches or not, begins with one such line.
fn questions(log: &str) -> usize {
    let question = format!(
        "completed GET /{}/{NAME}.git/info/refs?service=git-upload-pack",
        ForgeAccess::ORGANISATION
    );
    log.lines().filter(|line| line.contains(&question)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_by_namespace_and_container() {
        let summary = r#"{"node":{}, "pods":[
            {"podRef":{"name":"argocd-redis-1","namespace":"argocd"},"containers":[{"name":"redis",
              "cpu":{"time":"2026-11-29T16:00:05Z","usageNanoCores":1,"usageCoreNanoSeconds":2500000000},
              "memory":{"time":"2026-11-29T16:00:05Z","workingSetBytes":1048576}}]},
            {"podRef":{"name":"other","namespace":"elsewhere"},"containers":[{"name":"redis"}]},
            {"podRef":{"name":"etcd-1","namespace":"kube-system"},"containers":[{"name":"etcd"}]},
            {"podRef":{"name":"ended","namespace":"argocd"}}]}"#;
        let readings = understood(summary).unwrap();
        assert_eq!(readings.len(), 1, "{readings:?}");
        let redis = readings["Redis"];
        assert_eq!(
            (redis.memory, redis.at),
            (1 << 20, "2026-11-29T16:00:05Z".parse().unwrap())
        );
        assert!((redis.cpu_seconds - 2.5).abs() < 1e-9);
    }

    #[test]
    fn questions_about_other_repositories_and_fetches_are_not_counted() {
        let line = |method: &str, path: &str| {
            format!(
                "2026/11/29 15:44:45 HTTPRequest [I] router: completed {method} /{}/{path} for 10.0.0.1:5, 200 OK in 9ms\n",
                ForgeAccess::ORGANISATION
            )
        };
        let log = line("GET", "scale.git/info/refs?service=git-upload-pack")
            + &line("POST", "scale.git/git-upload-pack")
            + &line("GET", "scale.git/info/refs?service=git-receive-pack")
            + &line("GET", "other.git/info/refs?service=git-upload-pack");
        assert_eq!(questions(&log), 1);
    }
}
