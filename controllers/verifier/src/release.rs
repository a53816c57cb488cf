//! The objects of the cluster, as far as they tell whether a release is there and well. What
//! nothing here reads is left out, for an Application has to be equal before and after a look.

mod job;

use std::collections::BTreeMap;

use serde::Deserialize;

pub(crate) use self::job::{CronJob, Job};
use crate::soak::{SYNC_FAILED, Sight};

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) generation: i64,
    pub(crate) deletion_timestamp: Option<String>,
    owner_references: Vec<Owner>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Owner {
    name: String,
}

/// Argo CD's, without the time of its last look.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Application {
    pub(crate) metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    /// A sync that was asked for and has not begun.
    #[serde(default)]
    operation: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) status: ApplicationStatus,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Spec {
    destination: Destination,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Destination {
    namespace: String,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ApplicationStatus {
    pub(crate) sync: SyncStatus,
    health: Health,
    operation_state: Option<Operation>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct SyncStatus {
    status: String,
    pub(crate) revision: String,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Health {
    status: String,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Operation {
    phase: String,
    message: String,
    sync_result: Option<SyncResult>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct SyncResult {
    revision: String,
}

impl Application {
    pub(crate) fn is_for(&self, namespace: &str) -> bool {
        self.spec.destination.namespace == namespace
    }

    /// The commit of the last sync; nothing where there was none to do.
    pub(crate) fn last_synced(&self) -> &str {
        let result = self.status.operation_state.as_ref();
        let result = result.and_then(|operation| operation.sync_result.as_ref());
        result.map_or("", |result| &result.revision)
    }

    /// What Argo CD says of the commit that it has compared last.
    pub(crate) fn sight(&self) -> Sight {
        let ApplicationStatus { sync, health, .. } = &self.status;
        let operation = self.status.operation_state.as_ref();
        let phase = operation.map_or("Succeeded", |operation| operation.phase.as_str());
        let is_of_commit = self.last_synced() == sync.revision;
        match phase {
            "Succeeded" => {}
            // What had failed was taken back, and nothing is left to sync.
            "Failed" | "Error" if !is_of_commit => {}
            "Failed" | "Error" => {
                let message = operation.map_or("", |operation| operation.message.as_str());
                return Sight::SyncFailed(format!("{SYNC_FAILED}{message}"));
            }
            phase => return Sight::Unsettled(format!("the sync is {phase}")),
        }
        if self.operation.is_some() {
            return Sight::Unsettled("a sync is about to begin".to_owned());
        }
        match (sync.status.as_str(), health.status.as_str()) {
            ("Synced", "Healthy") => Sight::Healthy(String::new()),
            ("Synced", "Degraded") => Sight::Degraded("Argo CD calls it Degraded".to_owned()),
            (sync, health) => Sight::Unsettled(format!("{sync}, {health}")),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Deployment {
    metadata: Metadata,
    pub(crate) spec: DeploymentSpec,
    #[serde(default)]
    status: DeploymentStatus,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DeploymentSpec {
    replicas: Option<usize>,
    pub(crate) selector: Selector,
    template: Template,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Selector {
    pub(crate) match_labels: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Template {
    spec: PodSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DeploymentStatus {
    observed_generation: i64,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodSpec {
    containers: Vec<Container>,
    #[serde(default)]
    init_containers: Vec<Container>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Container {
    name: String,
    image: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Pod {
    pub(crate) metadata: Metadata,
    spec: PodSpec,
    #[serde(default)]
    status: PodStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodStatus {
    phase: String,
    conditions: Vec<Condition>,
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ContainerStatus {
    restart_count: u32,
    state: BTreeMap<String, serde_json::Value>,
}

impl Deployment {
    /// Whether all pods are there, of its template, with images by digest, and ready.
    pub(crate) fn sight(&self, pods: &[Pod]) -> Sight {
        let wanted = self.spec.replicas.unwrap_or(1);
        if self.status.observed_generation < self.metadata.generation {
            return Sight::Unsettled("the Deployment was not looked at yet".to_owned());
        }
        if wanted == 0 {
            return Sight::Unsettled("no pod is wanted, so nothing shows how it runs".to_owned());
        }
        let images: Vec<_> = self.spec.template.spec.all().collect();
        if let Some(moving) = images.iter().find(|one| !one.image.contains("@sha256:")) {
            return Sight::Unsettled(format!("the image of {} is not named by its digest", moving.name));
        }
        // One that was evicted is kept, and has been replaced.
        let pods: Vec<_> = pods.iter().filter(|pod| !pod.is_over()).collect();
        // A pod may have more containers than its template: what an admission controller adds.
        let is_new = |pod: &&&Pod| images.iter().all(|image| pod.spec.all().any(|one| one == *image));
        let new = pods.iter().filter(is_new).count();
        let ready = pods.iter().filter(|pod| pod.is_ready()).count();
        if pods.len() == wanted && new == wanted && ready == wanted {
            return Sight::Healthy(format!("{ready} of {wanted} pods ready"));
        }
        Sight::Unsettled(format!(
            "{} pods, {new} of the release, {ready} ready; {wanted} are wanted",
            pods.len()
        ))
    }
}

impl PodSpec {
    fn all(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().chain(&self.init_containers)
    }
}

impl Pod {
    /// Names the template that it was made from.
    pub(crate) fn template(&self) -> Option<&str> {
        self.metadata.labels.get("pod-template-hash").map(String::as_str)
    }

    fn is_ready(&self) -> bool {
        let mut conditions = self.status.conditions.iter();
        conditions.any(|condition| condition.kind == "Ready" && condition.status == "True")
    }

    /// Whether it will not run again.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status.phase.as_str(), "Failed" | "Succeeded")
    }

    /// How often one of its containers has ended.
    pub(crate) fn ends(&self) -> u32 {
        let statuses = self.status.container_statuses.iter();
        let ends =
            |one: &ContainerStatus| one.restart_count + u32::from(one.state.contains_key("terminated"));
        statuses.map(ends).sum()
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    spec: ServiceSpec,
}

#[derive(Debug, Deserialize)]
struct ServiceSpec {
    #[serde(default)]
    ports: Vec<Port>,
}

#[derive(Debug, Deserialize)]
struct Port {
    name: Option<String>,
    port: u16,
}

impl Service {
    /// Its port for HTTP.
    pub(crate) fn http(&self) -> Option<u16> {
        let mut ports = self.spec.ports.iter();
        ports
            .find(|port| port.name.as_deref() == Some("http"))
            .map(|port| port.port)
    }
}

#[cfg(test)]
mod tests;
