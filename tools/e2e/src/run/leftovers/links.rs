//! Bridges and network namespaces that podman made for containers and that nothing uses any more.

use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use ipnet::Ipv4Net;
use serde::Deserialize;
use xshell::cmd;

use super::{Machine, shell};

/// How podman begins the names of its bridges and of its namespaces.
const BRIDGE: &str = "podman";
const NAMESPACE: &str = "netns-";
const EMPTIED: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Deserialize)]
struct Link {
    #[serde(default)]
    ifname: String,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    local: Option<Ipv4Addr>,
}

impl Link {
    fn is_in(&self, ranges: &BTreeSet<Ipv4Net>) -> bool {
        let mut addresses = self.addr_info.iter().filter_map(|address| address.local);
        addresses.any(|address| ranges.iter().any(|range| range.contains(&address)))
    }
}

#[derive(Debug, Deserialize)]
struct Namespace {
    name: String,
}

/// The namespaces with an address of `ranges` in which no process runs.
pub(super) async fn namespaces(machine: &Machine<'_>, ranges: &BTreeSet<Ipv4Net>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in podman_namespaces(machine).await? {
        // One that has just gone is none of ours either.
        let Ok(links) = links_in(machine, &name).await else {
            continue;
        };
        if links.iter().any(|link| link.is_in(ranges)) && is_unused(machine, &name).await {
            found.push(name);
        }
    }
    Ok(found)
}

/// The namespaces that have got neither an interface nor a process: whoever was to give them one
/// was killed. Nobody may be starting a container while this is asked.
pub(super) async fn empty_namespaces(machine: &Machine<'_>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in podman_namespaces(machine).await? {
        let Ok(links) = links_in(machine, &name).await else {
            continue;
        };
        if links.iter().all(|link| link.ifname == "lo") && is_unused(machine, &name).await {
            found.push(name);
        }
    }
    Ok(found)
}

/// The bridges that have an address of `ranges`.
pub(super) async fn bridges(machine: &Machine<'_>, ranges: &BTreeSet<Ipv4Net>) -> Result<Vec<String>> {
    let shell = shell()?;
    let show = cmd!(shell, "ip -json -4 address show type bridge");
    let links: Vec<Link> = parse(&machine.read(show).await.context("list the bridges")?)?;
    let ours = links
        .into_iter()
        .filter(|link| link.ifname.starts_with(BRIDGE) && link.is_in(ranges));
    Ok(ours.map(|link| link.ifname).collect())
}

pub(super) async fn remove_namespace(machine: &Machine<'_>, name: &str) -> Result<()> {
    let shell = shell()?;
    let delete = machine.run(cmd!(shell, "ip netns delete {name}")).await;
    delete.with_context(|| format!("remove the network namespace {name}"))
}

pub(super) async fn remove_bridge(machine: &Machine<'_>, name: &str) -> Result<()> {
    let shell = shell()?;
    let delete = machine.run(cmd!(shell, "ip link delete dev {name}")).await;
    delete.with_context(|| format!("remove the bridge {name}"))
}

/// Whether nothing is plugged into a bridge. The kernel takes the interfaces of a namespace away
/// some time after its name.
pub(super) async fn is_empty(machine: &Machine<'_>, bridge: &str) -> Result<bool> {
    let begun = Instant::now();
    loop {
        let shell = shell()?;
        let show = cmd!(shell, "ip -json link show master {bridge}");
        if parse::<Link>(&machine.read(show).await?)?.is_empty() {
            return Ok(true);
        }
        if begun.elapsed() > EMPTIED {
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn podman_namespaces(machine: &Machine<'_>) -> Result<Vec<String>> {
    let shell = shell()?;
    let list = machine.read(cmd!(shell, "ip -json netns list")).await;
    let all: Vec<Namespace> = parse(&list.context("list the network namespaces")?)?;
    let names = all.into_iter().map(|namespace| namespace.name);
    Ok(names.filter(|name| name.starts_with(NAMESPACE)).collect())
}

async fn links_in(machine: &Machine<'_>, namespace: &str) -> Result<Vec<Link>> {
    let shell = shell()?;
    let show = cmd!(shell, "ip -netns {namespace} -json -4 address show");
    parse(&machine.read(show).await?)
}

async fn is_unused(machine: &Machine<'_>, namespace: &str) -> bool {
    let Ok(shell) = shell() else {
        return false;
    };
    let pids = machine.read(cmd!(shell, "ip netns pids {namespace}")).await;
    pids.is_ok_and(|pids| pids.is_empty())
}

/// `ip` prints nothing at all where there is nothing.
fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Result<Vec<T>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(text).context("understand what `ip` says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_ours_by_its_address() {
        let text = r#"[{},{"ifname":"podman1","addr_info":[{"family":"inet","local":"10.89.1.1","prefixlen":24}]},
            {"ifname":"podman2","addr_info":[{"family":"inet","local":"10.89.2.1","prefixlen":24}]},{"ifname":"lo"}]"#;
        let ranges = ["10.89.1.0/24".parse().unwrap()].into();
        let links: Vec<Link> = parse(text).unwrap();
        let ours: Vec<_> = links.iter().filter(|link| link.is_in(&ranges)).collect();
        assert_eq!(ours.len(), 1);
        assert_eq!(ours[0].ifname, "podman1");
        assert!(parse::<Namespace>("\n").unwrap().is_empty());
    }
}
