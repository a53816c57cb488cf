//! What a worker keeps on its volume: a number of rounds that only grows, whatever becomes of its
//! pods.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams, LogParams};
use kube::{Api, ResourceExt as _};
use serde::Deserialize;
use xshell::Shell;

use crate::cluster::{Cluster, volumes};
use crate::environment::NAMESPACE;
use crate::host::process::Tool;
use crate::platform::rollout::is_ready;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::pods::node_of;
use crate::scenarios::undo::Undo;
use crate::wait::{Verdict, eventually};

/// As the template of a worker has it.
const FILE: &str = "state.json";
/// Several rounds of a worker.
const ROUNDS: Duration = Duration::from_mins(1);
/// The grace period of its pod, and the start of another one.
const REPLACED: Duration = Duration::from_mins(1);
const CORDON: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct State {
    rounds: u64,
}

/// What a worker logs when it starts.
#[derive(Deserialize)]
struct Start {
    message: String,
    rounds: u64,
}

/// Wait until more than so many rounds are kept in a cluster, and give their number.
pub(super) async fn more_than(
    testbed: &Testbed,
    step: &StepHandle,
    cluster: &Cluster,
    worker: &str,
    rounds: u64,
) -> Result<u64> {
    let what = format!("rounds of {worker} on {}", cluster.environment);
    eventually(step, &what, ROUNDS, async || {
        let kept = kept(testbed, cluster, worker).await?;
        Ok(match kept {
            Some(kept) if kept > rounds => Verdict::Ready(kept),
            kept => Verdict::Pending(format!("{kept:?} are kept, of {rounds} before")),
        })
    })
    .await
}

/// The rounds that are kept; none if there is no claim.
pub(super) async fn kept(testbed: &Testbed, cluster: &Cluster, worker: &str) -> Result<Option<u64>> {
    let text = volumes::kept(&testbed.harness, cluster, NAMESPACE, worker, FILE).await?;
    let Some(text) = text else { return Ok(None) };
    let state: State = serde_json::from_str(&text).with_context(|| format!("understand {text}"))?;
    Ok(Some(state.rounds))
}

/// The worker's pod is replaced, on another node if there is one, and goes on from where it was.
pub(super) async fn survives(
    testbed: &Testbed,
    step: &StepHandle,
    cluster: &Cluster,
    worker: &str,
) -> Result<()> {
    let first = pod(cluster, worker).await?;
    let from = started_with(cluster, &first).await?;
    ensure!(from == 0, "the first pod of {worker} found {from} rounds");
    // More than a first round, which every pod would have.
    let before = more_than(testbed, step, cluster, worker, 1).await?;
    let node = node_of(&first)?.to_owned();
    let has_others = cluster.environment.nodes().len() > 1;
    let shell = Shell::new().context("open a shell")?;
    let [close, open] = ["cordon", "uncordon"].map(|verb| [verb, node.as_str()]);
    let undo = has_others.then(|| Undo::by([cluster.kubectl(&testbed.harness, &shell, &open)]));
    if has_others {
        kubectl(testbed, cluster, &close).await?;
    }
    let replaced = replaced(step, cluster, worker, &first).await;
    if let Some(undo) = undo {
        kubectl(testbed, cluster, &open).await?;
        undo.done();
    }
    let second = replaced?;
    let other = node_of(&second)?;
    ensure!(
        !has_others || other != node,
        "the pod of {worker} came back to {node}, which takes none"
    );
    let from = started_with(cluster, &second).await?;
    ensure!(
        from >= before,
        "{before} rounds were kept, and the second pod of {worker} found {from}"
    );
    let after = more_than(testbed, step, cluster, worker, from).await?;
    step.evidence(format!(
        "the state of {worker} outlived its pod: {before} rounds on {node}, {from} found on {other}, {after} since"
    ));
    Ok(())
}

async fn replaced(step: &StepHandle, cluster: &Cluster, worker: &str, old: &Pod) -> Result<Pod> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let asked = Instant::now();
    let delete = pods.delete(&old.name_any(), &DeleteParams::default()).await;
    delete.with_context(|| format!("delete the pod {}", old.name_any()))?;
    let new = eventually(step, &format!("another pod of {worker}"), REPLACED, async || {
        let new = pod(cluster, worker).await?;
        Ok(if new.uid() != old.uid() && is_ready(&new) {
            Verdict::Ready(new)
        } else {
            Verdict::Pending(format!("{} is there", new.name_any()))
        })
    })
    .await?;
    step.measured("pod replaced", asked.elapsed().as_secs_f64());
    Ok(new)
}

/// Its one pod that is not ending.
async fn pod(cluster: &Cluster, worker: &str) -> Result<Pod> {
    let labels = ListParams::default().labels(&format!("app.kubernetes.io/name={worker}"));
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let listed = pods.list(&labels).await;
    let listed = listed.with_context(|| format!("list the pods of {worker}"))?;
    let mut staying = listed
        .items
        .into_iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none());
    staying.next().with_context(|| format!("{worker} has no pod"))
}

/// The rounds that a pod found when it started, by its own log.
async fn started_with(cluster: &Cluster, pod: &Pod) -> Result<u64> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let log = pods.logs(&pod.name_any(), &LogParams::default()).await;
    let log = log.with_context(|| format!("read the log of {}", pod.name_any()))?;
    let mut lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Start>(line).ok());
    let start = lines.find(|line| line.message == "starting");
    let start = start.with_context(|| format!("{} does not say that it starts: {log}", pod.name_any()))?;
    Ok(start.rounds)
}

async fn kubectl(testbed: &Testbed, cluster: &Cluster, args: &[&str]) -> Result<()> {
    let shell = Shell::new().context("open a shell")?;
    let command = cluster.kubectl(&testbed.harness, &shell, args);
    Tool::new(command, &testbed.harness.run.log("apps"), CORDON)
        .run()
        .await
}
