//! What Argo Rollouts says of the page's Rollout.

use std::time::Duration;

use anyhow::{Context as _, Result};
use kube::Api;
use kube::api::ListParams;
use kube::core::DynamicObject;

use crate::cluster::Cluster;
use crate::environment::{NAMESPACE, PAGE};
use crate::platform::argocd::resource;
use crate::run::StepHandle;
use crate::wait::{Verdict, eventually};

/// The page's, and the runs of its analysis.
pub(super) struct Rollouts {
    rollouts: Api<DynamicObject>,
    runs: Api<DynamicObject>,
}

/// The few fields that tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) phase: String,
    pub(super) message: String,
    /// The version that it is to run, by the hash of its pods.
    pub(super) current: String,
    /// The one that all visitors had last.
    pub(super) stable: String,
    /// Whether it has seen the newest of its Deployment.
    seen: bool,
}

impl Rollouts {
    pub(super) fn of(cluster: &Cluster) -> Self {
        let api = |kind| Api::namespaced_with(cluster.client.clone(), NAMESPACE, &resource(kind));
        Self {
            rollouts: api("Rollout"),
            runs: api("AnalysisRun"),
        }
    }

    pub(super) async fn is_there(&self) -> Result<bool> {
        let found = self.rollouts.get_opt(PAGE).await;
        Ok(found.context("look for the Rollout")?.is_some())
    }

    pub(super) async fn state(&self) -> Result<State> {
        let found = self.rollouts.get(PAGE).await.context("read the Rollout")?;
        let status = &found.data["status"];
        let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
        let annotations = found.metadata.annotations.unwrap_or_default();
        let newest = annotations.get("rollout.argoproj.io/workload-generation");
        Ok(State {
            phase: text("phase"),
            message: text("message"),
            current: text("currentPodHash"),
            stable: text("stableRS"),
            seen: newest.is_some_and(|newest| *newest == text("workloadObservedGeneration")),
        })
    }

    /// Waits until `is` what is said of it.
    pub(super) async fn until(
        &self,
        step: &StepHandle,
        what: &str,
        within: Duration,
        is: impl Fn(&State) -> bool,
    ) -> Result<State> {
        eventually(step, what, within, async || {
            let state = self.state().await?;
            Ok(if is(&state) {
                Verdict::Ready(state)
            } else {
                Verdict::Pending(format!("{state:?}"))
            })
        })
        .await
    }

    /// Waits until one version has all visitors, another one than `before`.
    pub(super) async fn healthy(
        &self,
        step: &StepHandle,
        before: Option<&str>,
        within: Duration,
    ) -> Result<State> {
        let is = |state: &State| {
            let other = before.is_none_or(|before| state.current != before);
            state.seen && state.phase == "Healthy" && state.stable == state.current && other
        };
        self.until(step, "the Rollout is Healthy", within, is).await
    }

    /// How the analyses of a version ended, the oldest first.
    pub(super) async fn analyses(&self, version: &str) -> Result<Vec<String>> {
        let labels = format!("rollouts-pod-template-hash={version}");
        let found = self.runs.list(&ListParams::default().labels(&labels)).await;
        let mut found = found.context("list the runs of analyses")?.items;
        found.sort_by_key(|run| run.metadata.creation_timestamp.clone().map(|time| time.0));
        let phase = |run: &DynamicObject| {
            run.data["status"]["phase"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        Ok(found.iter().map(phase).collect())
    }
}
