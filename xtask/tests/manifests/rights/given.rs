//! Who is given which role in a cluster, and the verbs there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{CONTROLLER, words};
use crate::namespace;
use crate::object::{Object, find};
use crate::render::file;

const SERVER: &str = "argocd-server";
/// The verbs of who sees, and of who manages.
pub(crate) const LOOK: [&str; 3] = ["get", "list", "watch"];
pub(crate) const CHANGE: [&str; 4] = ["create", "update", "patch", "delete"];

/// Whether a rule of a role has no verb but these.
pub(crate) fn is_within(rule: &Value, verbs: &[&str]) -> bool {
    words(&rule["verbs"]).all(|verb| verbs.contains(&verb))
}

/// A role that somebody is given, and where.
pub(crate) fn given(kind: &str, namespace: &str, role: &str, to: &str) -> String {
    format!("{kind} in “{namespace}”: {role} to {to}")
}

/// All that bindings give.
pub(crate) fn bound(objects: &[Object]) -> BTreeSet<String> {
    let bindings = objects
        .iter()
        .filter(|object| object.kind().ends_with("RoleBinding"));
    let of = |binding: &Object| {
        let place = binding.text("/metadata/namespace");
        let role = format!(
            "{}/{}",
            binding.text("/roleRef/kind"),
            binding.text("/roleRef/name")
        );
        let to = |subject: &Value| {
            let word = |key: &str| subject[key].as_str().unwrap_or_default();
            let to = format!("{} {}/{}", word("kind"), word("namespace"), word("name"));
            given(binding.kind(), place, &role, &to)
        };
        binding.list("/subjects").iter().map(to).collect::<Vec<_>>()
    };
    bindings.flat_map(of).collect()
}

/// What Argo CD is to be given in a cluster of its own.
fn wanted() -> BTreeSet<String> {
    let inside = |role: &str, account: &str| {
        let to = format!("ServiceAccount argocd/{account}");
        given("RoleBinding", namespace(), role, &to)
    };
    let controller = format!("ServiceAccount argocd/{CONTROLLER}");
    [
        // Where it runs, kustomize adds the namespace.
        given("RoleBinding", "", "ClusterRole/argocd-watch", &controller),
        given(
            "ClusterRoleBinding",
            "",
            "ClusterRole/argocd-namespaces",
            &controller,
        ),
        inside("ClusterRole/argocd-watch", CONTROLLER),
        inside(&format!("Role/{CONTROLLER}"), CONTROLLER),
        inside("ClusterRole/argocd-watch", SERVER),
        inside(&format!("Role/{SERVER}"), SERVER),
    ]
    .into()
}

/// All that gives Argo CD rights.
pub(super) fn rights() -> Vec<Object> {
    ["rights/rights.yaml", "rights.yaml"]
        .iter()
        .flat_map(|name| file(&format!("infra/argocd/{name}")))
        .collect()
}

/// What is given beyond what is wanted or is lacking, and rules with verbs that nobody needs.
pub(super) fn faults(rights: &[Object]) -> Vec<String> {
    let (bound, wanted) = (bound(rights), wanted());
    let mut faults: Vec<_> = bound.symmetric_difference(&wanted).cloned().collect();
    for role in rights.iter().filter(|object| object.kind().ends_with("Role")) {
        let may_change = |rule: &Value| match role.name() {
            CONTROLLER => is_within(rule, &CHANGE),
            "argocd-namespaces" => {
                is_within(rule, &["update", "patch"]) && rule["resourceNames"] == json!([namespace()])
            }
            _ => false,
        };
        let wide = role.list("/rules").iter();
        let wide = wide.filter(|rule| !is_within(rule, &LOOK) && !may_change(rule));
        faults.extend(wide.map(|rule| format!("{}: {rule}", role.id())));
    }
    faults
}

#[test]
fn a_right_too_many_is_found() {
    let widen = |kind: &str, name: &str, place: &str, value: Value| {
        let mut rights = rights();
        let mut named = rights
            .iter_mut()
            .filter(|it| it.kind() == kind && it.name() == name);
        let object = named.next().expect("it is there");
        *object.0.pointer_mut(place).expect("a field") = value;
        rights
    };
    let everybody = json!([{"kind": "Group", "name": "system:authenticated"}]);
    for (kind, name, place, value) in [
        ("Role", CONTROLLER, "/rules/0/verbs", json!(["*"])),
        (
            "ClusterRole",
            "argocd-watch",
            "/rules/0/verbs",
            json!(["get", "impersonate"]),
        ),
        (
            "ClusterRole",
            "argocd-namespaces",
            "/rules/1/resourceNames",
            json!(null),
        ),
        (
            "ClusterRoleBinding",
            "argocd-namespaces",
            "/roleRef/name",
            json!("cluster-admin"),
        ),
        ("RoleBinding", CONTROLLER, "/roleRef/kind", json!("ClusterRole")),
        ("RoleBinding", CONTROLLER, "/subjects", everybody),
    ] {
        let faults = faults(&widen(kind, name, place, value));
        assert!(!faults.is_empty(), "{kind} {name}, {place}");
    }
    let mut rights = rights();
    let mut more = find(&rights, "ClusterRoleBinding", "argocd-namespaces").clone();
    more.0["roleRef"]["name"] = json!("cluster-admin");
    rights.push(more);
    assert_eq!(faults(&rights).len(), 1);
}
