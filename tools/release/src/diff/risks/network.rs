//! Who reaches whom.

use std::net::IpAddr;

use serde_json::Value;

use super::{Risk, risk};
use crate::diff::change::{Change, at, elements, short, text};

pub(super) fn service(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if change.kind() != "Service" || change.is_deleted() {
        return;
    }
    let kind = change.part("/spec/type");
    if kind.differs() && matches!(text(kind.new, ""), "LoadBalancer" | "NodePort") {
        risks.push(risk(
            format!("is a {}", short(kind.new)),
            "it can be reached from outside the cluster",
        ));
    }
    if !change.stays() {
        return;
    }
    if change.part("/spec/selector").differs() {
        risks.push(risk(
            "has another selector",
            "its requests go to other pods, or to none",
        ));
    }
    let port = |port: &Value| (at(port, "/port").clone(), at(port, "/protocol").clone());
    let ports = change.part("/spec/ports");
    for lost in elements(ports.old) {
        if !elements(ports.new).iter().any(|new| port(new) == port(lost)) {
            risks.push(risk(
                format!("loses port {}", at(lost, "/port")),
                "who sends there gets no answer",
            ));
        }
    }
}

/// A policy that lets through what nothing of it did before, or that leaves pods to others.
/// Policies add up: a new one that allows something opens it, one that only denies does not.
pub(super) fn policy(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if change.kind() != "NetworkPolicy" || change.is_deleted() {
        return;
    }
    if change.stays() && change.part("/spec/podSelector").differs() {
        risks.push(risk(
            "is for other pods",
            "those it leaves may be open, those it now has may be cut off",
        ));
    }
    for direction in [INGRESS, EGRESS] {
        if change.stays() && direction.is_judged(change.old) && !direction.is_judged(change.new) {
            risks.push(risk(
                format!("is no longer about {}", direction.name),
                "what it denied there is open",
            ));
        }
        let old = direction.openings(change.old);
        for new in direction.openings(change.new) {
            if !old.iter().any(|old| old.covers(&new)) {
                risks.push(risk(
                    format!("opens {} {}", direction.name, new.in_words(direction.preposition)),
                    "a pod that was taken over reaches more, or is reached by more",
                ));
            }
        }
    }
}

/// One of the two halves of a policy.
struct Direction {
    name: &'static str,
    rules: &'static str,
    peers: &'static str,
    preposition: &'static str,
}

const INGRESS: Direction = Direction {
    name: "ingress",
    rules: "/spec/ingress",
    peers: "/from",
    preposition: "from",
};
const EGRESS: Direction = Direction {
    name: "egress",
    rules: "/spec/egress",
    peers: "/to",
    preposition: "to",
};

impl Direction {
    /// Whether the policy has a say in it. Without types, Kubernetes takes ingress, and egress if
    /// there is a rule for it.
    fn is_judged(&self, policy: &Value) -> bool {
        let types = elements(at(policy, "/spec/policyTypes"));
        if types.is_empty() {
            self.name == INGRESS.name || !at(policy, self.rules).is_null()
        } else {
            types.iter().any(|kind| {
                kind.as_str()
                    .is_some_and(|kind| kind.eq_ignore_ascii_case(self.name))
            })
        }
    }

    /// Each pair of who and where that it lets through.
    fn openings<'a>(&self, policy: &'a Value) -> Vec<Opening<'a>> {
        // Missing and empty mean all, which is written as null.
        let or_all = |list: &'a Value| -> Vec<&'a Value> {
            let list = elements(list);
            if list.is_empty() {
                vec![&Value::Null]
            } else {
                list.iter().collect()
            }
        };
        let mut openings = Vec::new();
        for rule in elements(at(policy, self.rules)) {
            for peer in or_all(at(rule, self.peers)) {
                let ports = or_all(at(rule, "/ports"));
                openings.extend(ports.into_iter().map(|port| Opening { peer, port }));
            }
        }
        openings
    }
}

/// Null stands for every peer or every port.
struct Opening<'a> {
    peer: &'a Value,
    port: &'a Value,
}

impl Opening<'_> {
    fn covers(&self, other: &Self) -> bool {
        (self.port.is_null() || self.port == other.port) && covers_peer(self.peer, other.peer)
    }

    fn in_words(&self, preposition: &str) -> String {
        let peer = if self.peer.is_null() {
            "everyone".to_owned()
        } else {
            format!("`{}`", self.peer)
        };
        let port = if self.port.is_null() {
            "on every port".to_owned()
        } else {
            format!("on port {}", short(at(self.port, "/port")))
        };
        format!("{preposition} {peer} {port}")
    }
}

fn covers_peer(wide: &Value, narrow: &Value) -> bool {
    if wide.is_null() || wide == narrow {
        return true;
    }
    let (block, inner) = (at(wide, "/ipBlock"), at(narrow, "/ipBlock"));
    if !block.is_null() || !inner.is_null() {
        return covers_block(block, inner);
    }
    // Without a selector of namespaces, a peer is in the policy's own; without one of pods, it is
    // all of the namespace.
    let namespaces = (at(wide, "/namespaceSelector"), at(narrow, "/namespaceSelector"));
    let pods = (at(wide, "/podSelector"), at(narrow, "/podSelector"));
    let same_place = match namespaces {
        (Value::Null, other) => other.is_null(),
        (wide, narrow) => !narrow.is_null() && covers_selector(wide, narrow),
    };
    same_place && (pods.0.is_null() || (!pods.1.is_null() && covers_selector(pods.0, pods.1)))
}

/// Each thing that a selector asks for narrows it.
fn covers_selector(wide: &Value, narrow: &Value) -> bool {
    let mut labels = at(wide, "/matchLabels").as_object().into_iter().flatten();
    let mut expressions = elements(at(wide, "/matchExpressions")).iter();
    labels.all(|(key, value)| narrow["matchLabels"].get(key) == Some(value))
        && expressions.all(|expression| elements(at(narrow, "/matchExpressions")).contains(expression))
}

/// Whether all addresses of `narrow` are in `wide`, what each excepts left out.
fn covers_block(wide: &Value, narrow: &Value) -> bool {
    let (Some(outer), Some(inner)) = (Block::of(at(wide, "/cidr")), Block::of(at(narrow, "/cidr"))) else {
        return false;
    };
    let blocks = |value| -> Vec<_> {
        elements(at(value, "/except"))
            .iter()
            .filter_map(Block::of)
            .collect()
    };
    let excepted = blocks(narrow);
    outer.contains(inner)
        && blocks(wide).into_iter().all(|hole| {
            let apart = !hole.contains(inner) && !inner.contains(hole);
            apart
                || excepted
                    .iter()
                    .any(|except| except.contains(hole) || except.contains(inner))
        })
}

/// A range of addresses: its first one and the number of bits that are fixed.
#[derive(Clone, Copy)]
struct Block {
    address: IpAddr,
    length: u32,
}

impl Block {
    fn of(cidr: &Value) -> Option<Self> {
        let (address, length) = cidr.as_str()?.split_once('/')?;
        Some(Self {
            address: address.parse().ok()?,
            length: length.parse().ok()?,
        })
    }

    fn contains(self, other: Self) -> bool {
        let (mine, its, bits): (u128, u128, u32) = match (self.address, other.address) {
            (IpAddr::V4(mine), IpAddr::V4(its)) => (u32::from(mine).into(), u32::from(its).into(), 32),
            (IpAddr::V6(mine), IpAddr::V6(its)) => (u128::from(mine), u128::from(its), 128),
            _ => return false,
        };
        let free = bits.saturating_sub(self.length);
        self.length <= other.length && (mine ^ its).checked_shr(free).unwrap_or(0) == 0
    }
}
