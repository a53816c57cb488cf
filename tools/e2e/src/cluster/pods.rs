//! The addresses of pods: which node gives out which, and how packets find the other node.

use std::{fmt::Write as _, net::Ipv4Addr, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{environment::Environment, host::process::Tool, run::Harness};

const EXEC: Duration = Duration::from_secs(20);

/// A range of 16 bits, of which each node has a part of 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PodRange([u8; 2]);

impl PodRange {
    /// `networking.podSubnet` of kind's configuration.
    pub(super) fn of(config: &Value) -> Result<Self> {
        let text = config.pointer("/networking/podSubnet").and_then(Value::as_str);
        let text = text.context("infra/local/kind.yaml names no networking.podSubnet")?;
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        let address: Ipv4Addr = address
            .parse()
            .with_context(|| format!("understand networking.podSubnet {text} of infra/local/kind.yaml"))?;
        let [a, b, rest @ ..] = address.octets();
        ensure!(
            bits == "16" && rest == [0, 0],
            "networking.podSubnet of infra/local/kind.yaml is {text}, but a range like 10.244.0.0/16 is needed"
        );
        Ok(Self([a, b]))
    }

    fn all(self) -> String {
        let Self([a, b]) = self;
        format!("{a}.{b}.0.0/16")
    }

    fn part(self, node: usize) -> String {
        let Self([a, b]) = self;
        format!("{a}.{b}.{node}.0/24")
    }

    /// The configuration of a node's network plugins. The subnet is that of all pods, so that
    /// packets to a pod of another node keep the address they come from, by which the network
    /// policies judge; the addresses given out are the node's own part.
    pub(super) fn plugins(self, base: &str, node: usize) -> Result<String> {
        let Self([a, b]) = self;
        let mut config: Value = serde_json::from_str(base).context("understand infra/local/cni.conflist")?;
        let ipam = config
            .pointer_mut("/plugins/0/ipam")
            .and_then(Value::as_object_mut);
        let range = json!([[{
            "subnet": self.all(),
            "rangeStart": format!("{a}.{b}.{node}.2"),
            "rangeEnd": format!("{a}.{b}.{node}.254"),
        }]]);
        ipam.context("the first plugin of infra/local/cni.conflist has no ipam")?
            .insert("ranges".to_owned(), range);
        Ok(config.to_string())
    }

    /// What `ip -batch -` reads on `node`, where `nodes` are the addresses of all.
    fn routes(self, node: usize, nodes: &[Ipv4Addr]) -> String {
        // A packet to a pod that is gone would otherwise leave the machine, and whoever is there
        // answers in its place.
        let mut routes = format!("route replace unreachable {}\n", self.all());
        for (other, address) in nodes.iter().enumerate().filter(|(other, _)| *other != node) {
            let _ = writeln!(routes, "route replace {} via {address}", self.part(other));
        }
        routes
    }

    /// Tells each node of `environment` where pods are, and where none are. `addresses` are the
    /// nodes' own.
    pub(super) async fn route(
        self,
        harness: &Harness,
        environment: Environment,
        addresses: &[Ipv4Addr],
    ) -> Result<()> {
        let log = harness.run.log(&format!("cluster-{environment}"));
        for (index, node) in environment.nodes().iter().enumerate() {
            let exec = ["exec", "--interactive", node, "ip", "-batch", "-"];
            Tool::of_engine(&harness.engine, exec, &log, EXEC)?
                .input(self.routes(index, addresses))
                .run()
                .await
                .with_context(|| format!("set the routes of {node}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Result<PodRange> {
        PodRange::of(&json!({ "networking": { "podSubnet": text } }))
    }

    #[test]
    fn each_node_gives_out_addresses_of_its_own() {
        let base = r#"{"plugins":[{"ipam":{"type":"host-local"}},{"type":"portmap"}]}"#;
        let plugins = range("10.244.0.0/16").unwrap().plugins(base, 1).unwrap();
        let plugins: Value = serde_json::from_str(&plugins).unwrap();
        assert_eq!(
            plugins["plugins"][0]["ipam"],
            json!({ "type": "host-local", "ranges": [[{
                "subnet": "10.244.0.0/16", "rangeStart": "10.244.1.2", "rangeEnd": "10.244.1.254",
            }]] })
        );
    }

    #[test]
    fn a_node_knows_the_way_to_the_pods_of_the_others_and_that_there_are_no_more() {
        let nodes = [Ipv4Addr::new(10, 89, 0, 2), Ipv4Addr::new(10, 89, 0, 3)];
        let routes = range("10.244.0.0/16").unwrap().routes(0, &nodes);
        assert_eq!(
            routes,
            "route replace unreachable 10.244.0.0/16\nroute replace 10.244.1.0/24 via 10.89.0.3\n"
        );
    }

    #[test]
    fn another_size_is_refused() {
        for text in ["10.244.0.0/24", "10.244.1.0/16", "10.244.0.0"] {
            assert!(range(text).is_err(), "{text}");
        }
    }
}
