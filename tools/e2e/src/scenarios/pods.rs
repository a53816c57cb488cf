//! The servers' pods: which there are, how they are, and killing them.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::{DeleteParams, GetParams, ListParams};
use kube::core::Request;
use kube::{Api, ResourceExt as _};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::host::process::Tool;
use crate::platform::rollout::is_ready;
use crate::run::{Harness, StepHandle, Testbed};
use crate::wait::{Verdict, eventually};

const EXEC: Duration = Duration::from_secs(20);

/// The pods of one app's servers in one cluster.
pub(crate) struct Servers<'a> {
    testbed: &'a Testbed,
    cluster: &'a Cluster,
    app: &'a str,
}

impl<'a> Servers<'a> {
    pub(crate) fn of(testbed: &'a Testbed, cluster: &'a Cluster, app: &'a str) -> Self {
        Self {
            testbed,
            cluster,
            app,
        }
    }

    fn api(&self) -> Api<Pod> {
        Api::namespaced(self.cluster.client.clone(), NAMESPACE)
    }

    /// Those that are not ending.
    pub(crate) async fn list(&self) -> Result<Vec<Pod>> {
        let labels = format!(
            "app.kubernetes.io/name={},app.kubernetes.io/component=server",
            self.app
        );
        let listed = self.api().list(&ListParams::default().labels(&labels)).await;
        let listed = listed.with_context(|| format!("list the pods of {}", self.app))?;
        let staying = |pod: &Pod| pod.metadata.deletion_timestamp.is_none();
        Ok(listed.items.into_iter().filter(staying).collect())
    }

    /// One of them that is ready.
    pub(crate) async fn one(&self) -> Result<Pod> {
        let found = self.list().await?.into_iter().find(is_ready);
        found.with_context(|| format!("no pod of {} is ready", self.app))
    }

    /// Remove a pod without giving it time to say goodbye.
    pub(crate) async fn kill(&self, pod: &Pod) -> Result<()> {
        let at_once = DeleteParams::default().grace_period(0);
        self.api()
            .delete(&pod.name_any(), &at_once)
            .await
            .with_context(|| format!("kill the pod {}", pod.name_any()))?;
        Ok(())
    }

    /// End the process of a pod's container as the kernel does when memory is short.
    pub(crate) async fn kill_process(&self, pod: &Pod) -> Result<()> {
        signal(&self.testbed.harness, pod, "SIGKILL").await
    }

    /// Wait until the process of a pod's container, which has ended since `before` was read, has
    /// been started again.
    pub(crate) async fn restarted(&self, step: &StepHandle, before: &Pod, within: Duration) -> Result<()> {
        let name = before.name_any();
        eventually(step, &format!("restart of {name}"), within, async || {
            let now = self.api().get(&name).await?;
            Ok(if restarts(&now) > restarts(before) {
                Verdict::Ready(())
            } else {
                Verdict::Pending("not noticed yet".to_owned())
            })
        })
        .await
    }

    /// Wait until so many of them are ready, and no more are there.
    pub(crate) async fn ready(&self, step: &StepHandle, count: u16, within: Duration) -> Result<()> {
        let what = format!("{count} pods of {} on {}", self.app, self.cluster.environment);
        eventually(step, &what, within, async || {
            let pods = self.list().await?;
            let ready = pods.iter().filter(|pod| is_ready(pod)).count();
            let count = usize::from(count);
            Ok(if (pods.len(), ready) == (count, count) {
                Verdict::Ready(())
            } else {
                Verdict::Pending(format!("{ready} of {} are ready", pods.len()))
            })
        })
        .await
    }
}

/// Send a signal to the process of a pod's container.
pub(crate) async fn signal(harness: &Harness, pod: &Pod, signal: &str) -> Result<()> {
    let (words, log) = (signal_words(pod, signal)?, harness.run.log("signals"));
    let sent = Tool::of_engine(&harness.engine, words, &log, EXEC)?.run();
    sent.await
        .with_context(|| format!("send {signal} to {}", pod.name_any()))
}

/// The words by which the container engine does that.
pub(crate) fn signal_words<'a>(pod: &'a Pod, signal: &'a str) -> Result<[&'a str; 10]> {
    let (node, container) = (node_of(pod)?, container_of(pod)?);
    Ok([
        "exec",
        node,
        "ctr",
        "--namespace",
        "k8s.io",
        "tasks",
        "kill",
        "--signal",
        signal,
        container,
    ])
}

/// Where it runs.
pub(crate) fn node_of(pod: &Pod) -> Result<&str> {
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    node.with_context(|| format!("{} is on no node", pod.name_any()))
}

/// How often its process was started again.
pub(crate) fn restarts(pod: &Pod) -> i32 {
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref());
    statuses
        .into_iter()
        .flatten()
        .map(|status| status.restart_count)
        .sum()
}

/// What its first container takes of the memory, in MiB, as the kubelet of its node has it.
pub(crate) async fn mebibytes(cluster: &Cluster, pod: &Pod) -> Result<f64> {
    let node = node_of(pod)?;
    let ask = Request::new(format!("/api/v1/nodes/{node}/proxy/stats"));
    let ask = ask
        .get("summary", &GetParams::default())
        .context("ask a kubelet")?;
    let summary: Value = cluster.client.request(ask).await.context("ask a kubelet")?;
    let of_pods = summary["pods"].as_array().into_iter().flatten();
    let bytes = of_pods
        .filter(|of| of["podRef"]["uid"].as_str() == pod.uid().as_deref())
        .find_map(|of| of["containers"][0]["memory"]["workingSetBytes"].as_f64());
    let bytes = bytes.with_context(|| format!("{node} does not know what {} takes", pod.name_any()))?;
    Ok(bytes / 1024.0 / 1024.0)
}

/// Its one container, as containerd names it.
pub(crate) fn container_of(pod: &Pod) -> Result<&str> {
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref());
    let id = statuses.into_iter().flatten().find_map(containerd_id);
    id.with_context(|| format!("{} runs in no container of containerd", pod.name_any()))
}

/// How containerd names a container, once it was started.
pub(crate) fn containerd_id(status: &ContainerStatus) -> Option<&str> {
    status.container_id.as_deref()?.strip_prefix("containerd://")
}
