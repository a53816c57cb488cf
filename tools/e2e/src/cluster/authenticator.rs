//! What a target of a hub has on EKS: an API server that asks AWS whose token it is.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::environment::Environment;
use crate::run::Harness;
use crate::run::topology::Topology;
use crate::world::iam_proxy;

/// Where its node and its API server have the configuration.
const ON_NODES: &str = "/etc/gitops-loop/authenticator.json";

/// What the API server is told.
pub(super) const ARGUMENTS: [(&str, &str); 2] = [
    ("authentication-token-webhook-config-file", ON_NODES),
    ("authentication-token-webhook-version", "v1"),
];

/// How the API server of a cluster asks.
#[derive(Debug)]
pub(super) struct Authenticator {
    configuration: PathBuf,
}

impl Authenticator {
    /// Writes the configuration; nothing for a cluster that no hub logs in to.
    pub(super) fn prepare(harness: &Harness, environment: Environment) -> Result<Option<Self>> {
        if harness.topology != Topology::Hub || environment.is_hub() {
            return Ok(None);
        }
        let configuration = harness.run.file(&format!("authenticator-{environment}.json"));
        let server = iam_proxy::authenticator_of(environment.cluster());
        let text = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "aws", "cluster": { "server": server } }],
            "users": [{ "name": "api-server", "user": {} }],
            "contexts": [{ "name": "aws", "context": { "cluster": "aws", "user": "api-server" } }],
            "current-context": "aws",
        });
        fs::write(&configuration, text.to_string())
            .with_context(|| format!("write {}", configuration.display()))?;
        Ok(Some(Self { configuration }))
    }

    /// What a node gets of this machine.
    pub(super) fn mount(&self) -> Value {
        json!({ "hostPath": self.configuration, "containerPath": ON_NODES, "readOnly": true })
    }
}

/// What the API server gets of its node.
pub(super) fn volume() -> Value {
    json!({
        "name": "authenticator", "hostPath": ON_NODES, "mountPath": ON_NODES, "readOnly": true, "pathType": "File",
    })
}
