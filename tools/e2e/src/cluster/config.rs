//! kind's configuration: `infra/local/kind.yaml`, and what only a run knows.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{
    authenticator::{self, Authenticator},
    pods::PodRange,
    services::ServiceRange,
    sites::Ports,
    volumes::Volumes,
};
use crate::{environment::Environment, git::forge::ForgeAccess, run::Harness};

/// A `NodePort`, as in infra/local.
pub(super) const ARGOCD: u16 = 30082;

/// kind's configuration, and what else of it matters.
#[derive(Debug)]
pub(super) struct Settings {
    /// What `kind create cluster --config -` reads. JSON, which is YAML too.
    pub(super) text: String,
    /// The addresses of all pods.
    pub(super) pods: PodRange,
    /// The addresses of all Services.
    pub(super) services: ServiceRange,
    /// What its claims get.
    pub(super) volumes: Volumes,
}

pub(super) fn render(harness: &Harness, environment: Environment, ports: &Ports) -> Result<Settings> {
    let local = harness.run.repo.join("infra/local");
    let read = |name: &str| {
        let path = local.join(name);
        fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
    };
    let write = |name: String, text: &str| {
        let path = harness.run.file(&name);
        fs::write(&path, text)
            .with_context(|| format!("write {}", path.display()))
            .map(|()| path)
    };
    let (base, plugins) = (read("kind.yaml")?, read("cni.conflist")?);
    let base: Value = serde_saphyr::from_str(&base).context("understand infra/local/kind.yaml")?;
    let (pods, services) = (PodRange::of(&base)?, ServiceRange::of(&base)?);
    let registry = write(
        format!("registry-{environment}.toml"),
        &mirror(&ForgeAccess::cluster_url()),
    )?;
    let host = &harness.account.registry;
    let volumes = Volumes::prepare(harness, environment)?;
    let authenticator = Authenticator::prepare(harness, environment)?;
    let mut all_mounts = Vec::new();
    for index in 0..environment.nodes().len() {
        let plugins = write(
            format!("cni-{environment}-{index}.conflist"),
            &pods.plugins(&plugins, index)?,
        )?;
        let mut mounts = vec![
            json!({ "hostPath": plugins, "containerPath": "/etc/cni/net.d/10-gitops-loop.conflist", "readOnly": true }),
            json!({ "hostPath": registry, "containerPath": format!("/etc/containerd/certs.d/{host}/hosts.toml"), "readOnly": true }),
            json!({ "hostPath": volumes.folder, "containerPath": volumes.on_nodes }),
        ];
        mounts.extend(authenticator.as_ref().map(Authenticator::mount));
        all_mounts.push(json!(mounts));
    }
    let mut config = merged(base, &all_mounts, &ports.mapped())?;
    // kind would take any that the system gives it, see `ports::free`.
    config["networking"]["apiServerPort"] = json!(ports.api_server);
    api_server(&mut config, &environment.issuer(), authenticator.is_some())?;
    if harness.cgroup_v1 {
        accept_cgroup_v1(&mut config)?;
    }
    let text = config.to_string();
    Ok(Settings {
        text,
        pods,
        services,
        volumes,
    })
}

/// `base` with one node for each of `mounts`. The first one has the control plane and the ports.
fn merged(mut base: Value, mounts: &[Value], ports: &[(u16, u16)]) -> Result<Value> {
    let nodes = base.get_mut("nodes").and_then(Value::as_array_mut);
    let nodes = nodes.context("infra/local/kind.yaml names no nodes")?;
    ensure!(nodes.len() == 1, "infra/local/kind.yaml names more than one node");
    let ports = ports.iter().map(|(container, host)| {
        json!({ "containerPort": container, "hostPort": host, "listenAddress": "127.0.0.1", "protocol": "TCP" })
    });
    let like = nodes.remove(0);
    for mounts in mounts {
        let mut node = like.clone();
        if nodes.is_empty() {
            extend(&mut node, "extraPortMappings", ports.clone())?;
        } else {
            node["role"] = json!("worker");
        }
        extend(
            &mut node,
            "extraMounts",
            mounts.as_array().into_iter().flatten().cloned(),
        )?;
        nodes.push(node);
    }
    if nodes.len() > 1 {
        // kind does so by itself where there is one node only: what runs there must be able to run
        // on either.
        let untainted = json!("kind: InitConfiguration\nnodeRegistration:\n  taints: []\n");
        extend(&mut nodes[0], "kubeadmConfigPatches", [untainted])?;
    }
    Ok(base)
}

/// Tokens of service accounts say that they are from `issuer`: roles trust no other. All of it is
/// one patch, because a second one would take the place of the arguments.
fn api_server(config: &mut Value, issuer: &str, asks_aws: bool) -> Result<()> {
    let issuer = format!("https://{issuer}");
    let mut arguments = vec![("service-account-issuer", issuer.as_str())];
    let mut volumes = Vec::new();
    if asks_aws {
        arguments.extend(authenticator::ARGUMENTS);
        volumes.push(authenticator::volume());
    }
    let arguments: Vec<_> = arguments
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let patch = json!({
        "kind": "ClusterConfiguration",
        "apiServer": { "extraArgs": arguments, "extraVolumes": volumes },
    });
    extend(config, "kubeadmConfigPatches", [json!(patch.to_string())])
}

/// From 1.35 on, a kubelet does not start on cgroup v1 unless it is told to.
fn accept_cgroup_v1(config: &mut Value) -> Result<()> {
    let patch = json!("kind: KubeletConfiguration\nfailCgroupV1: false\n");
    extend(config, "kubeadmConfigPatches", [patch])
}

/// Adds to a list of the configuration, or of a node.
fn extend(part: &mut Value, key: &str, more: impl IntoIterator<Item = Value>) -> Result<()> {
    let part = part
        .as_object_mut()
        .context("infra/local/kind.yaml: what should have fields has none")?;
    let list = part.entry(key).or_insert_with(|| json!([])).as_array_mut();
    list.with_context(|| format!("infra/local/kind.yaml: {key} is not a list"))?
        .extend(more);
    Ok(())
}

/// A `hosts.toml` that sends every pull to the forge.
fn mirror(forge: &str) -> String {
    format!("server = \"{forge}\"\n\n[host.\"{forge}\"]\ncapabilities = [\"pull\", \"resolve\"]\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Value {
        serde_saphyr::from_str(text).unwrap()
    }

    fn config(mounts: &[Value]) -> Value {
        let base = base(
            "kind: Cluster\nfeatureGates: {KubeletInUserNamespace: true}\nnodes:\n- role: control-plane\n  extraMounts: [{hostPath: /a}]\n",
        );
        merged(base, mounts, &[(30080, 1234)]).unwrap()
    }

    #[test]
    fn ports_and_mounts_are_added_and_the_rest_is_kept() {
        let config = config(&[json!([{ "hostPath": "/b" }])]);
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
        assert!(config["nodes"][0]["kubeadmConfigPatches"].is_null());
    }

    #[test]
    fn a_second_node_is_a_worker_with_mounts_of_its_own_and_no_ports() {
        let config = config(&[json!([{ "hostPath": "/b" }]), json!([{ "hostPath": "/c" }])]);
        let nodes = config["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 2);
        assert_eq!(nodes[0]["role"], "control-plane");
        let patch = nodes[0]["kubeadmConfigPatches"][0].as_str().unwrap();
        assert!(patch.contains("taints: []"), "{patch}");
        assert_eq!(nodes[1]["role"], "worker");
        assert_eq!(
            nodes[1]["extraMounts"],
            json!([{ "hostPath": "/a" }, { "hostPath": "/c" }])
        );
        assert!(nodes[1]["extraPortMappings"].is_null());
    }

    #[test]
    fn on_cgroup_v1_the_kubelets_of_all_nodes_are_told_and_other_patches_stay() {
        for (patches, count) in [
            ("", 1),
            ("kubeadmConfigPatches: ['kind: KubeProxyConfiguration']\n", 2),
        ] {
            let mut config = base(&format!("kind: Cluster\n{patches}nodes: [role: control-plane]\n"));
            accept_cgroup_v1(&mut config).unwrap();
            let patches = config["kubeadmConfigPatches"].as_array().unwrap();
            assert_eq!(patches.len(), count);
            let patch: Value = serde_saphyr::from_str(patches[count - 1].as_str().unwrap()).unwrap();
            assert_eq!(
                patch,
                json!({"kind": "KubeletConfiguration", "failCgroupV1": false})
            );
        }
    }

    #[test]
    fn the_api_server_is_told_whose_tokens_it_issues() {
        let mut config = base("kind: Cluster\nkubeadmConfigPatches: ['kind: Other']\n");
        api_server(&mut config, "oidc.internal/id/c", false).unwrap();
        let patch = config["kubeadmConfigPatches"][1].as_str().unwrap();
        let patch: Value = serde_saphyr::from_str(patch).unwrap();
        assert_eq!(patch["kind"], "ClusterConfiguration");
        let argument = &patch["apiServer"]["extraArgs"][0];
        assert_eq!(argument["value"], "https://oidc.internal/id/c");
        assert_eq!(patch["apiServer"]["extraVolumes"], json!([]));
    }

    #[test]
    fn a_config_without_nodes_is_an_error() {
        let error = merged(base("kind: Cluster\n"), &[], &[]).unwrap_err().to_string();
        assert!(error.contains("names no nodes"), "{error}");
    }
}
