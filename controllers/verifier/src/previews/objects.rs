//! The objects of the cluster, as far as they tell how a preview is doing. Those that releases are
//! judged by have the same names and are others: what is read here of an Application, and changes
//! while nothing is released, must not count there.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::decide::{Preview, State};

/// Before the number, in the names of Applications and namespaces.
pub(super) const PREFIX: &str = "preview-";
/// The annotation of an Application that has the head of its pull request, what a sync is told of
/// it, and the annotation of the namespace that remembers it when the Application is gone.
const COMMIT: &str = "previews/commit";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    name: String,
    annotations: BTreeMap<String, String>,
    creation_timestamp: String,
    deletion_timestamp: Option<String>,
}

impl Metadata {
    /// The number of the pull request that it is of.
    pub(super) fn number(&self) -> Option<u64> {
        self.name.strip_prefix(PREFIX)?.parse().ok()
    }

    pub(super) fn commit(&self) -> Option<&String> {
        self.annotations.get(COMMIT)
    }

    pub(super) fn is_ending(&self) -> bool {
        self.deletion_timestamp.is_some()
    }
}

/// A namespace, or whatever else only its name is read of.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub(super) struct Application {
    metadata: Metadata,
    /// A sync that was asked for and has not ended.
    #[serde(default)]
    operation: Option<Value>,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    health: Health,
    reconciled_at: String,
    operation_state: Option<Operation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Health {
    status: String,
    message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Operation {
    phase: String,
    message: String,
    finished_at: String,
    #[serde(rename = "operation")]
    asked: Asked,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    info: Vec<Info>,
}

#[derive(Debug, Deserialize)]
struct Info {
    name: String,
    value: String,
}

/// What has Argo CD sync an Application for a commit, as a merge patch. CI may not be done with the
/// images, so it tries again, each time for 90 s, for as long as a job of
/// `.github/workflows/preview.yaml` may take. Nothing here has data that a second migration could
/// harm.
pub(super) fn sync_of(commit: &str) -> Value {
    serde_json::json!({ "operation": {
        "initiatedBy": { "username": "previews" },
        "info": [{ "name": COMMIT, "value": commit }],
        "retry": { "limit": 20, "backoff": { "duration": "5s", "factor": 1 } },
        "sync": { "prune": true, "syncOptions": ["ServerSideApply=true"] },
    }})
}

/// What ends a sync that is running, as a merge patch.
pub(super) fn end_of_sync() -> Value {
    serde_json::json!({ "status": { "operationState": { "phase": "Terminating" } } })
}

impl Application {
    /// The preview that it is of; none where it is of none, or is going.
    pub(super) fn preview(&self, now: OffsetDateTime) -> Result<Option<Preview>> {
        let Some(number) = self.metadata.number().filter(|_| !self.metadata.is_ending()) else {
            return Ok(None);
        };
        let what = || format!("the Application {}", self.metadata.name);
        let commit = self.metadata.commit();
        let commit = commit.with_context(|| format!("{} names no commit", what()))?;
        let made = OffsetDateTime::parse(&self.metadata.creation_timestamp, &Rfc3339);
        let age = now - made.with_context(|| format!("when was {} made", what()))?;
        Ok(Some(Preview {
            number,
            state: self.state(commit),
            commit: commit.clone(),
            age: Duration::try_from(age).unwrap_or_default(),
        }))
    }

    fn state(&self, commit: &str) -> State {
        let is_asked = self.operation.is_some();
        let begins = || State::Busy("it is about to be synced".to_owned());
        let Some(last) = &self.status.operation_state else {
            return if is_asked { begins() } else { State::New };
        };
        let health = &self.status.health;
        let mut info = last.asked.info.iter();
        let is_for_it = info.any(|info| info.name == COMMIT && info.value == commit);
        match last.phase.as_str() {
            "Running" if is_for_it => State::Busy(last.message.clone()),
            "Running" => State::Overtaken,
            "Terminating" if is_asked => State::Busy("the sync of an earlier commit is ended".to_owned()),
            // It had just ended when it was to be ended: Argo CD does that with the next one.
            "Terminating" => State::New,
            _ if is_asked => begins(),
            _ if !is_for_it => State::New,
            "Failed" | "Error" => State::Failed(last.message.clone()),
            // Whoever deleted its namespace has left the Application as it was.
            _ if health.status == "Missing" => State::New,
            // What it says of the time before the sync counts for nothing.
            _ if self.status.reconciled_at < last.finished_at => State::Busy("it is looked at".to_owned()),
            _ => match health.status.as_str() {
                "Healthy" => State::Live,
                "Degraded" => State::Failed(format!("it is not healthy. {}", health.message)),
                other => State::Busy(format!("its health is {other}")),
            },
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Service {
    spec: Spec,
    status: ServiceStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    ports: Vec<Port>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Port {
    port: u16,
    node_port: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ServiceStatus {
    load_balancer: Balancer,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Balancer {
    ingress: Vec<Ingress>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ingress {
    hostname: Option<String>,
    ip: Option<String>,
}

impl Service {
    /// Where a person opens it, once it is known. `node` is where ports of nodes are.
    pub(super) fn address(&self, node: Option<&str>) -> Option<String> {
        let port = self.spec.ports.first()?;
        if let (Some(node), Some(port)) = (node, port.node_port) {
            return Some(format!("http://{node}:{port}/"));
        }
        let ingress = self.status.load_balancer.ingress.first()?;
        let host = ingress.hostname.as_ref().or(ingress.ip.as_ref())?;
        Some(match port.port {
            80 => format!("http://{host}/"),
            other => format!("http://{host}:{other}/"),
        })
    }
}

#[cfg(test)]
mod tests;
