//! Who may do what in the cluster, and in the account.

use serde_json::Value;

use super::{Risk, risk};
use crate::diff::change::{Change, at, elements, short, text};

/// The role of AWS that pods with this account get.
const AWS_ROLE: &str = "eks.amazonaws.com/role-arn";

/// One thing that a role allows. `*` stands for all; no name for all names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Right<'a> {
    verb: &'a str,
    group: &'a str,
    resource: &'a str,
    name: &'a str,
}

impl Right<'_> {
    fn covers(&self, other: &Self) -> bool {
        let covers = |mine: &str, its: &str| mine == "*" || mine == its;
        covers(self.verb, other.verb)
            && covers(self.group, other.group)
            && covers(self.resource, other.resource)
            && covers(self.name, other.name)
    }
}

fn rights(role: &Value) -> Vec<Right<'_>> {
    let mut found = Vec::new();
    for rule in elements(at(role, "/rules")) {
        let list = |key: &str| elements(at(rule, key)).iter().filter_map(Value::as_str);
        let names: Vec<_> = list("/resourceNames").collect();
        let names = if names.is_empty() { vec!["*"] } else { names };
        for verb in list("/verbs") {
            for group in list("/apiGroups") {
                for resource in list("/resources") {
                    found.extend(names.iter().map(|name| Right {
                        verb,
                        group,
                        resource,
                        name,
                    }));
                }
            }
        }
    }
    found
}

/// A role that allows more. One that is new allows all it says.
pub(super) fn role(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if !matches!(change.kind(), "Role" | "ClusterRole") {
        return;
    }
    let old = rights(change.old);
    let new = rights(change.new);
    let more = new
        .iter()
        .filter(|right| !old.iter().any(|old| old.covers(right)))
        .map(
            |Right {
                 verb,
                 group,
                 resource,
                 name,
             }| {
                let group = if group.is_empty() {
                    String::new()
                } else {
                    format!(".{group}")
                };
                let name = if *name == "*" {
                    String::new()
                } else {
                    format!(" `{name}`")
                };
                format!("{verb} {resource}{group}{name}")
            },
        );
    let more: Vec<_> = more.collect();
    if !more.is_empty() {
        risks.push(risk(
            format!("also allows {}", more.join(", ")),
            "who has it may do more in the cluster",
        ));
    }
}

pub(super) fn binding(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if !matches!(change.kind(), "RoleBinding" | "ClusterRoleBinding") {
        return;
    }
    for subject in change.added("/subjects") {
        let role = text(change.new, "/roleRef/name");
        let (kind, name) = (text(subject, "/kind"), text(subject, "/name"));
        risks.push(risk(
            format!("gives the role {role} to {kind} {name}"),
            "it may do more in the cluster",
        ));
    }
}

pub(super) fn account(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if change.kind() == "ServiceAccount" && change.stays() {
        let role = change.annotation(AWS_ROLE);
        if role.differs() && !role.new.is_null() {
            risks.push(risk(
                format!("gets the role {}", short(role.new)),
                "its pods may do something else in the account",
            ));
        }
    }
    let pointer = match change.kind() {
        "ServiceAccount" => change.part("/automountServiceAccountToken"),
        _ => change.pod().part("/spec/automountServiceAccountToken"),
    };
    if change.stays() && *pointer.old == false && *pointer.new != false {
        risks.push(risk(
            "mounts a token of Kubernetes",
            "who takes over a pod may use its account",
        ));
    }
}
