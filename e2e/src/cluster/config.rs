//! kind's configuration: `infra/local/kind.yaml`, and what only a run knows.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{env::Ground, environment::Environment, world::ForgeAccess};

/// `NodePort`s, as in infra/local.
pub(super) const FRONTEND: u16 = 30080;
pub(super) const BACKEND: u16 = 30081;
pub(super) const ARGOCD: u16 = 30082;

/// The registry that the overlays name. Its images are in the forge.
const REGISTRY: &str = "000000000000.dkr.ecr.eu-central-1.amazonaws.com";

/// kind's configuration, and what else of it matters.
#[derive(Debug)]
pub(super) struct Settings {
    /// What `kind create cluster --config -` reads. JSON, which is YAML too.
    pub(super) text: String,
    /// The addresses of all pods.
    pub(super) pods: String,
}

pub(super) fn render(ground: &Ground, environment: Environment, ports: &[(u16, u16)]) -> Result<Settings> {
    let base = ground.run.repo.join("infra/local/kind.yaml");
    let base = fs::read_to_string(&base).with_context(|| format!("read {}", base.display()))?;
    let registry = ground.run.file(&format!("registry-{environment}.toml"));
    fs::write(&registry, mirror(&ForgeAccess::cluster_url()))
        .with_context(|| format!("write {}", registry.display()))?;
    let network = ground.run.repo.join("infra/local/cni.conflist");
    let mounts = json!([
        { "hostPath": network, "containerPath": "/etc/cni/net.d/10-gitops-loop.conflist", "readOnly": true },
        { "hostPath": registry, "containerPath": format!("/etc/containerd/certs.d/{REGISTRY}/hosts.toml"), "readOnly": true },
    ]);
    merged(&base, &mounts, ports)
}

fn merged(base: &str, mounts: &Value, ports: &[(u16, u16)]) -> Result<Settings> {
    let mut config: Value = serde_saphyr::from_str(base).context("understand infra/local/kind.yaml")?;
    let node = config
        .pointer_mut("/nodes/0")
        .and_then(Value::as_object_mut)
        .context("infra/local/kind.yaml names no node")?;
    let mappings = ports.iter().map(|(container, host)| {
        json!({ "containerPort": container, "hostPort": host, "listenAddress": "127.0.0.1", "protocol": "TCP" })
    });
    for (key, more) in [
        ("extraMounts", mounts.clone()),
        ("extraPortMappings", mappings.collect()),
    ] {
        let list = node.entry(key).or_insert_with(|| json!([])).as_array_mut();
        list.with_context(|| format!("infra/local/kind.yaml: {key} is not a list"))?
            .extend(more.as_array().into_iter().flatten().cloned());
    }
    let pods = config.pointer("/networking/podSubnet").and_then(Value::as_str);
    let pods = pods
        .context("infra/local/kind.yaml names no networking.podSubnet")?
        .to_owned();
    Ok(Settings {
        text: config.to_string(),
        pods,
    })
}

/// A `hosts.toml` that sends every pull to the forge.
fn mirror(forge: &str) -> String {
    format!("server = \"{forge}\"\n\n[host.\"{forge}\"]\ncapabilities = [\"pull\", \"resolve\"]\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_mounts_are_added_and_the_rest_is_kept() {
        let base = "kind: Cluster\nnetworking: {podSubnet: 10.244.0.0/16}\nfeatureGates: {KubeletInUserNamespace: true}\nnodes:\n- role: control-plane\n  extraMounts: [{hostPath: /a}]\n";
        let settings = merged(base, &json!([{ "hostPath": "/b" }]), &[(FRONTEND, 1234)]).unwrap();
        let config: Value = serde_json::from_str(&settings.text).unwrap();
        assert_eq!(settings.pods, "10.244.0.0/16");
        assert_eq!(config["featureGates"]["KubeletInUserNamespace"], true);
        assert_eq!(
            config["nodes"][0]["extraMounts"],
            json!([{ "hostPath": "/a" }, { "hostPath": "/b" }])
        );
        let mapping = &config["nodes"][0]["extraPortMappings"][0];
        assert_eq!(
            (&mapping["containerPort"], &mapping["hostPort"]),
            (&json!(30080), &json!(1234))
        );
        assert_eq!(mapping["listenAddress"], "127.0.0.1");
    }

    #[test]
    fn a_config_without_nodes_is_an_error() {
        assert!(
            merged("kind: Cluster\n", &json!([]), &[])
                .unwrap_err()
                .to_string()
                .contains("names no node")
        );
    }
}
