//! The one container network that nodes, forge and emulator share, and what keeps it steady.

use std::{net::TcpListener, time::Duration};

use anyhow::{Context, Result};
use ipnet::Ipv4Net;
use serde_json::Value;
use supply::engine::{Engine, Kind};
use xshell::{Shell, cmd};

use crate::{
    host::process::Tool,
    run::{Harness, run_dir::RunDir},
};

/// On the network; its value is the folder of the cache whose runs use it.
const CACHE: &str = "gitops-loop.cache";
const LIMIT: Duration = Duration::from_secs(30);

/// The network as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    /// This machine as containers on the network reach it; with podman also their name server.
    pub(crate) gateway: String,
    /// The bridge, where the engine tells it.
    bridge: Option<String>,
}

impl Network {
    /// Makes the network if it is not there. IPv4 only: nodes have no IPv6 route, and a second
    /// gateway would only add name servers that do not know our containers.
    pub(crate) async fn ensure(harness: &Harness) -> Result<Self> {
        let (run, engine) = (&harness.run, &harness.engine);
        if inspect(run, engine, engine.network()).await.is_err() {
            let label = format!("{CACHE}={}", harness.cache.root().display());
            let create = ["network", "create", "--label", &label, engine.network()];
            Tool::of_engine(engine, create, &run.log("network"), LIMIT)?
                .run()
                .await
                .context("make the container network")?;
        }
        let answer = inspect(run, engine, engine.network())
            .await
            .context("look at the container network")?;
        let network = read(&answer).with_context(|| {
            format!(
                "network {} has no IPv4 gateway; remove it with `cargo xtask e2e down`",
                engine.network()
            )
        })?;
        // A bridge of podman's is this machine's, and comes with the first container.
        if engine.kind() == Kind::Docker {
            bind(&network.gateway)?;
        }
        Ok(network)
    }

    /// A bridge takes its hardware address from its ports, so every start of a container could
    /// change it, and nodes would keep the old one for up to half a minute: no names, no pulls.
    /// Setting it once to what it is pins it. The bridge comes with the first container, so this is
    /// called after each start.
    pub(crate) async fn pin(&self, run: &RunDir, engine: &Engine) -> Result<()> {
        // Docker sets the address of its bridges itself.
        let (Kind::Podman, Some(bridge)) = (engine.kind(), &self.bridge) else {
            return Ok(());
        };
        let shell = Shell::new().context("open a shell")?;
        let address = std::fs::read_to_string(format!("/sys/class/net/{bridge}/address"))
            .with_context(|| format!("read the hardware address of the bridge {bridge}"))?;
        let address = address.trim();
        let set = cmd!(shell, "ip link set dev {bridge} address {address}");
        Tool::new(set, &run.log("network"), LIMIT)
            .run()
            .await
            .context("pin the bridge's hardware address")
    }
}

/// An error where containers could not reach this machine, and the forge not tell it of a push.
/// Docker is asked for the network that it makes by itself: nothing is built yet.
pub(crate) async fn expect_way_back(run: &RunDir, engine: &Engine) -> Result<()> {
    if engine.kind() == Kind::Podman {
        return Ok(());
    }
    // Who has turned that one off is told of the one of a run.
    let answer = inspect(run, engine, "bridge").await.unwrap_or_default();
    read(&answer).map_or(Ok(()), |network| bind(&network.gateway))
}

/// An error unless the gateway of a network is this machine.
fn bind(gateway: &str) -> Result<()> {
    let bound = TcpListener::bind((gateway, 0)).map(drop);
    bound.with_context(|| {
        format!(
            "listen on {gateway}, where containers look for this machine; Docker Desktop and a rootless Docker have them on \
             a machine or a network of their own: use a Docker Engine that root runs, or open this repository in its dev \
             container (.devcontainer/), which has one"
        )
    })
}

/// The ranges of addresses of the network as it is now; none if there is no network.
pub(crate) async fn ranges(run: &RunDir, engine: &Engine) -> Vec<Ipv4Net> {
    let answer = inspect(run, engine, engine.network()).await.unwrap_or_default();
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let subnets = answer.pointer("/0/subnets").and_then(Value::as_array);
    let subnets = subnets.into_iter().flatten();
    let texts = subnets.filter_map(|subnet| subnet.get("subnet")?.as_str());
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// The folder of the cache whose runs use the network; none if there is no network.
pub(crate) async fn cache(run: &RunDir, engine: &Engine) -> Option<String> {
    read_cache(&inspect(run, engine, engine.network()).await.ok()?)
}

async fn inspect(run: &RunDir, engine: &Engine, network: &str) -> Result<String> {
    let inspect = ["network", "inspect", network];
    Tool::of_engine(engine, inspect, &run.log("network"), LIMIT)?
        .read()
        .await
}

/// Podman and docker tell the same with different words.
fn read(answer: &str) -> Option<Network> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    let network = answer.get(0)?;
    let subnets = network
        .get("subnets")
        .or_else(|| network.pointer("/IPAM/Config"))?
        .as_array()?;
    let gateway = subnets
        .iter()
        .filter_map(|subnet| subnet.get("gateway").or_else(|| subnet.get("Gateway"))?.as_str())
        .find(|gateway| gateway.parse::<std::net::Ipv4Addr>().is_ok())?;
    let bridge = network.get("network_interface").and_then(Value::as_str);
    Some(Network {
        gateway: gateway.to_owned(),
        bridge: bridge.map(str::to_owned),
    })
}

/// The same two words for labels.
fn read_cache(answer: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    let network = answer.get(0)?;
    let labels = network.get("labels").or_else(|| network.get("Labels"))?;
    Some(labels.get(CACHE)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{bind, read, read_cache};

    #[test]
    fn podman_and_docker_are_understood() {
        let podman = r#"[{"name":"gitops-loop","network_interface":"podman1","subnets":[
            {"subnet":"fc00:f853::/64","gateway":"fc00:f853::1"},{"subnet":"10.89.0.0/24","gateway":"10.89.0.1"}]}]"#;
        let seen = read(podman).unwrap();
        assert_eq!(
            (seen.gateway.as_str(), seen.bridge.as_deref()),
            ("10.89.0.1", Some("podman1"))
        );
        let docker = r#"[{"Name":"gitops-loop","IPAM":{"Config":[{"Subnet":"172.20.0.0/16","Gateway":"172.20.0.1"}]}}]"#;
        let seen = read(docker).unwrap();
        assert_eq!((seen.gateway.as_str(), seen.bridge), ("172.20.0.1", None));
        assert!(read(r#"[{"name":"gitops-loop","subnets":[]}]"#).is_none());
    }

    #[test]
    fn a_network_says_whose_cache_it_is_of() {
        for labels in ["labels", "Labels"] {
            let network = format!(r#"[{{"{labels}":{{"gitops-loop.cache":"/a/cache"}}}}]"#);
            assert_eq!(read_cache(&network).as_deref(), Some("/a/cache"));
        }
        for other in ["[]", r#"[{"Labels":null}]"#, r#"[{"Labels":{}}]"#] {
            assert_eq!(read_cache(other), None, "{other}");
        }
    }

    #[test]
    fn a_docker_whose_containers_do_not_reach_this_machine_is_named() {
        bind("127.0.0.1").unwrap();
        // An address for examples, which no machine has.
        let error = format!("{:#}", bind("192.0.2.1").unwrap_err());
        for part in ["192.0.2.1", "Docker Desktop", "rootless", ".devcontainer/"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
