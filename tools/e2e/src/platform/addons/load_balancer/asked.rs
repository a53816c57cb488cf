//! What an Ingress asks of its load balancer, but for where requests go (`routes`), and which pods
//! answer.

use std::collections::BTreeSet;
use std::net::SocketAddrV4;

use anyhow::{Context as _, Result};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressRule};

/// What all annotations for it begin with.
pub(super) const PREFIX: &str = "alb.ingress.kubernetes.io/";

/// As far as it is done here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) check_path: String,
    pub(super) check_codes: String,
    pub(super) check_every: u16,
    pub(super) check_within: u16,
    pub(super) healthy_after: u16,
    pub(super) unhealthy_after: u16,
    /// Seconds that a target still has for requests under way.
    pub(super) let_go: u16,
    /// Seconds without a word.
    pub(super) idle: u16,
}

impl Asked {
    pub(super) fn of(ingress: &Ingress) -> Result<Self> {
        let said = |name: &str| {
            let all = ingress.metadata.annotations.as_ref();
            let value = all.and_then(|all| all.get(&format!("{PREFIX}{name}")));
            value.with_context(|| format!("the Ingress does not say {name}"))
        };
        let number = |name: &str| number(said(name)?);
        Ok(Self {
            name: ingress.metadata.name.clone().context("a name")?,
            host: rule(ingress)?.host.clone().context("a host")?,
            check_path: said("healthcheck-path")?.clone(),
            check_codes: said("success-codes")?.clone(),
            check_every: number("healthcheck-interval-seconds")?,
            check_within: number("healthcheck-timeout-seconds")?,
            healthy_after: number("healthy-threshold-count")?,
            unhealthy_after: number("unhealthy-threshold-count")?,
            let_go: setting(
                said("target-group-attributes")?,
                "deregistration_delay.timeout_seconds",
            )?,
            idle: setting(said("load-balancer-attributes")?, "idle_timeout.timeout_seconds")?,
        })
    }
}

fn rule(ingress: &Ingress) -> Result<&IngressRule> {
    let spec = ingress.spec.as_ref().context("an Ingress says nothing")?;
    let rules = spec.rules.as_deref().unwrap_or_default();
    let [rule] = rules else {
        anyhow::bail!("one rule is known here, not {}", rules.len())
    };
    Ok(rule)
}

/// Its one path.
pub(super) fn path(ingress: &Ingress) -> Result<&HTTPIngressPath> {
    let http = rule(ingress)?.http.as_ref();
    http.and_then(|http| http.paths.first()).context("a path")
}

fn number(text: &str) -> Result<u16> {
    text.parse().with_context(|| format!("{text} is no number"))
}

/// One of a list like `one=1,two=2`.
fn setting(list: &str, name: &str) -> Result<u16> {
    let mut all = list.split(',').filter_map(|one| one.split_once('='));
    let found = all.find(|(key, _)| *key == name);
    let (_, value) = found.with_context(|| format!("{list} has no {name}"))?;
    number(value)
}

/// The pods that are ready and stay, by the port of this name.
pub(super) fn targets(slices: &[EndpointSlice], port: &str) -> BTreeSet<SocketAddrV4> {
    let mut found = BTreeSet::new();
    for slice in slices {
        let ports = slice.ports.as_deref().unwrap_or_default();
        let port = ports.iter().find(|one| one.name.as_deref() == Some(port));
        let port = port.and_then(|port| u16::try_from(port.port?).ok());
        let Some(port) = port else { continue };
        for endpoint in slice.endpoints.iter().flatten() {
            let is = endpoint.conditions.as_ref();
            let ready = is.is_none_or(|is| is.ready != Some(false) && is.terminating != Some(true));
            let addresses = endpoint.addresses.iter().filter(|_| ready);
            let addresses = addresses.filter_map(|address| address.parse().ok());
            found.extend(addresses.map(|address| SocketAddrV4::new(address, port)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_that_end_or_are_not_ready_are_no_targets() {
        let endpoint = |address: &str, ready: bool, terminating: bool| json!({ "addresses": [address], "conditions": { "ready": ready, "terminating": terminating } });
        let slice = json!({
            "addressType": "IPv4",
            "ports": [{ "name": "metrics", "port": 9090 }, { "name": "http", "port": 8080 }],
            "endpoints": [
                endpoint("10.244.0.1", true, false),
                endpoint("10.244.0.2", false, false),
                endpoint("10.244.0.3", true, true),
            ],
        });
        let slices: Vec<EndpointSlice> = vec![serde_json::from_value(slice).unwrap()];
        let expected = "10.244.0.1:8080".parse().unwrap();
        assert_eq!(targets(&slices, "http"), BTreeSet::from([expected]));
        assert!(targets(&slices, "other").is_empty());
    }

    #[test]
    fn a_setting_is_found_in_its_list() {
        assert_eq!(setting("a=1,b.c=15", "b.c").unwrap(), 15);
        assert!(setting("a=1,b.c=15", "c").is_err());
    }
}
