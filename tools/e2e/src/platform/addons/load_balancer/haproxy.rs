//! `HAProxy` in place of a load balancer of AWS: what it is told, at its start and later.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use haproxy_api::Server;

use super::asked::Asked;
use crate::host::haproxy;

/// How many pods it can know.
pub(super) const SLOTS: usize = 16;
/// Its backend, of one server for each slot.
const TARGETS: &str = "targets";

/// Where it runs and what it reads.
pub(super) struct Place {
    /// The process whose network it shares.
    pub(super) process: String,
    /// That network's own address.
    pub(super) address: Ipv4Addr,
    pub(super) folder: PathBuf,
    pub(super) log: PathBuf,
}

impl Place {
    pub(super) fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// A map that has an entry while visitors keep to the pod that has answered first.
    fn sticky(&self) -> PathBuf {
        self.folder.join("sticky.map")
    }
}

/// What it says of a slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// How many requests it got since it was started.
    pub(super) sent: u64,
    /// Whether its pod does badly: it gets none until its health checks are answered again.
    pub(super) down: bool,
}

/// A running one; dropping it ends it.
pub(super) struct HaProxy {
    running: haproxy::HaProxy,
    /// As [`Place::sticky`].
    sticky: PathBuf,
}

impl HaProxy {
    /// Starts it, with no target yet.
    pub(super) fn start(place: &Place, asked: &Asked) -> Result<Self> {
        let (file, sticky) = (place.folder.join("haproxy.cfg"), place.sticky());
        for (file, text) in [(&file, configuration(place, asked)), (&sticky, String::new())] {
            fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
        }
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &place.process, haproxy::PROGRAM]);
        let running = haproxy::HaProxy::start(&mut command, &file, &place.socket(), &place.log)?;
        Ok(Self { running, sticky })
    }

    /// Whether visitors keep to the pod that has answered first. They do by a cookie.
    pub(super) fn keep_visitors(&self, sticky: bool) -> Result<()> {
        let map = self.sticky.display();
        self.say(&if sticky {
            format!("add map {map} visitors stay")
        } else {
            format!("clear map {map}")
        })
    }

    /// A pod that gets requests from now on, as many as its weight says beside that of others.
    pub(super) fn register(&self, slot: usize, target: SocketAddrV4, weight: u32) -> Result<()> {
        let (address, port) = (target.ip(), target.port());
        self.say(&format!(
            "set server {TARGETS}/t{slot} addr {address} port {port}"
        ))?;
        self.weigh(slot, weight)?;
        self.say(&format!("set server {TARGETS}/t{slot} state ready"))
    }

    /// More of the requests, or fewer; none at zero.
    pub(super) fn weigh(&self, slot: usize, weight: u32) -> Result<()> {
        self.say(&format!("set server {TARGETS}/t{slot} weight {weight}"))
    }

    /// What it says of each slot.
    pub(super) fn seen(&self) -> Result<BTreeMap<usize, Seen>> {
        seen(&self.running.api.servers(TARGETS).context("look at the slots")?)
    }

    /// No new requests; those under way go on.
    pub(super) fn drain(&self, slot: usize) -> Result<()> {
        self.say(&format!("set server {TARGETS}/t{slot} state drain"))
    }

    /// Nothing any more.
    pub(super) fn forget(&self, slot: usize) -> Result<()> {
        self.say(&format!("set server {TARGETS}/t{slot} state maint"))
    }

    /// A command of its run-time API. Only those that change an address answer when all is well.
    fn say(&self, command: &str) -> Result<()> {
        let answer = self.running.api.ask(command);
        let answer = answer.with_context(|| format!("tell HAProxy `{command}`"))?;
        let refused = ["No such", "Invalid", "Unknown", "Require", "denied"];
        ensure!(
            !refused.iter().any(|word| answer.contains(word)),
            "HAProxy to `{command}`: {}",
            answer.trim()
        );
        Ok(())
    }
}

/// An error where `HAProxy` does not count a slot's requests: that would look as if it got none.
fn seen(servers: &BTreeMap<String, Server>) -> Result<BTreeMap<usize, Seen>> {
    let slots = servers.iter().filter_map(|(name, server)| {
        let slot = name.strip_prefix('t')?.parse().ok()?;
        Some((slot, name, server))
    });
    let seen = slots.map(|(slot, name, server)| {
        let sent = server.text("stot").and_then(|sent| sent.parse().ok());
        let sent = sent.with_context(|| format!("HAProxy does not say how many requests {name} got"))?;
        let down = server.text("status").is_some_and(|is| is.starts_with("DOWN"));
        Ok((slot, Seen { sent, down }))
    });
    seen.collect()
}

/// Nothing is tried twice: a load balancer of AWS does not either. Who comes without a cookie goes
/// where the weights say.
fn configuration(place: &Place, asked: &Asked) -> String {
    let Asked {
        host,
        check_path,
        check_codes,
        check_every,
        check_within,
        healthy_after,
        unhealthy_after,
        idle,
        ..
    } = asked;
    let address = place.address;
    let [certificate, socket, sticky] =
        [place.certificate(), place.socket(), place.sticky()].map(|path| path.display().to_string());
    format!(
        "global
    stats socket {socket} mode 600 level admin
defaults
    mode http
    retries 0
    timeout connect 5s
    timeout client {idle}s
    timeout server {idle}s
    timeout check {check_within}s
frontend plain
    bind {address}:80
    http-request redirect location https://%[hdr(host),field(1,:)]:443%[capture.req.uri] code 301
frontend secure
    bind {address}:443 ssl crt {certificate} alpn http/1.1
    http-request return status 404 unless {{ hdr(host),field(1,:) -i {host} }}
    default_backend {TARGETS}
backend {TARGETS}
    balance roundrobin
    cookie AWSALBTG insert indirect nocache httponly dynamic
    dynamic-cookie-key {host}
    ignore-persist unless {{ str(visitors),map({sticky}) -m found }}
    option httpchk GET {check_path}
    http-check expect status {check_codes}
    default-server check inter {check_every}s rise {healthy_after} fall {unhealthy_after}
    server-template t 0-{last} 127.0.0.1:1 disabled
",
        last = SLOTS - 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_are_not_counted_are_no_zero() {
        let of = |stot: &str| {
            let answer = format!("S.3.1.1.svname.1:KNSP:str:t0\nS.3.1.7.{stot}.1:MCP:u64:12\n");
            seen(&haproxy_api::servers_in(&answer))
        };
        let up = Seen {
            sent: 12,
            down: false,
        };
        assert_eq!(of("stot").unwrap(), BTreeMap::from([(0, up)]));
        let error = of("other").unwrap_err().to_string();
        assert!(error.contains("how many requests t0 got"), "{error}");
    }

    #[test]
    fn a_pod_is_down_where_its_health_checks_say_so() {
        let down = |status: &str| {
            let of = |field: &str, value: &str| format!("S.3.1.1.{field}.1:KNSP:str:{value}\n");
            let answer = [of("svname", "t0"), of("stot", "0"), of("status", status)].concat();
            seen(&haproxy_api::servers_in(&answer)).unwrap()[&0].down
        };
        assert!(["DOWN", "DOWN 1/2"].into_iter().all(down));
        assert!(
            !["UP", "UP 1/2", "DRAIN", "MAINT", "no check"]
                .into_iter()
                .any(down)
        );
    }
}
