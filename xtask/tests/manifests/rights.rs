//! What Argo CD may do in a cluster, and what it watches there, is what its project allows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::object::{Object, find};
use crate::render::{apps, file, parse};
use crate::{environments, namespace};

const CONTROLLER: &str = "argocd-application-controller";
/// What the kinds of the project make.
const MADE: [(&str, &str); 3] = [("", "Pod"), ("apps", "ReplicaSet"), ("batch", "Job")];
/// Its own.
const OWN: [(&str, &str); 2] = [("argoproj.io", "Application"), ("argoproj.io", "AppProject")];

/// Pairs of group and kind.
type Kinds = BTreeSet<(String, String)>;

fn kinds(pairs: &[(&str, &str)]) -> Kinds {
    let owned = pairs
        .iter()
        .map(|(group, kind)| ((*group).to_owned(), (*kind).to_owned()));
    owned.collect()
}

fn project(environment: &str, list: &str) -> Kinds {
    let project = find(apps(environment), "AppProject", namespace());
    let entry = |entry: &Value, key: &str| entry[key].as_str().expect("a word").to_owned();
    let entries = project.list(&format!("/spec/{list}"));
    entries
        .iter()
        .map(|it| (entry(it, "group"), entry(it, "kind")))
        .collect()
}

fn words(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// What the rules of a role name, as pairs of group and the plural that RBAC knows a kind by.
fn granted(role: &Object) -> Kinds {
    let rules = role.list("/rules").iter();
    rules
        .flat_map(|rule| {
            words(&rule["apiGroups"]).flat_map(move |group| {
                words(&rule["resources"]).map(move |resource| (group.to_owned(), resource.to_owned()))
            })
        })
        .collect()
}

fn plural(kinds: &Kinds) -> Kinds {
    let plural = |kind: &str| match kind.to_lowercase() {
        name if name.ends_with('y') => format!("{}ies", name.trim_end_matches('y')),
        name => format!("{name}s"),
    };
    kinds
        .iter()
        .map(|(group, kind)| (group.clone(), plural(kind)))
        .collect()
}

fn role<'a>(rights: &'a [Object], kind: &str, name: &str, namespace: &str) -> &'a Object {
    let found = rights.iter().find(|object| {
        object.kind() == kind && object.name() == name && object.text("/metadata/namespace") == namespace
    });
    found.unwrap_or_else(|| panic!("no {kind} {name} in “{namespace}”"))
}

#[test]
fn argo_cd_may_change_the_kinds_of_its_project_and_no_others() {
    let rights = file("infra/argocd/rights/rights.yaml");
    let changed = role(&rights, "Role", CONTROLLER, namespace());
    for environment in environments() {
        let allowed = project(environment, "namespaceResourceWhitelist");
        assert_eq!(granted(changed), plural(&allowed));
        let cluster = role(&rights, "ClusterRole", "argocd-namespaces", "");
        assert_eq!(
            granted(cluster),
            plural(&project(environment, "clusterResourceWhitelist"))
        );
    }
}

#[test]
fn argo_cd_may_watch_what_it_watches() {
    let settings = file("infra/argocd/settings.yaml");
    let settings = find(&settings, "ConfigMap", "argocd-cm");
    let included = settings.text("/data/resource.inclusions");
    let included = &parse(included, "resource.inclusions");
    let entries = included[0].0.as_array().expect("a list of groups").iter();
    let included: Kinds = entries
        .flat_map(|entry| {
            words(&entry["apiGroups"]).flat_map(move |group| {
                words(&entry["kinds"]).map(move |kind| (group.to_owned(), kind.to_owned()))
            })
        })
        .collect();
    let rights = file("infra/argocd/rights/rights.yaml");
    let watched = role(&rights, "ClusterRole", "argocd-watch", "");
    for environment in environments() {
        let namespaced = project(environment, "namespaceResourceWhitelist");
        let namespaced: Kinds = [namespaced, kinds(&MADE), kinds(&OWN)]
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(granted(watched), plural(&namespaced));
        let of_the_cluster = project(environment, "clusterResourceWhitelist");
        assert_eq!(included, namespaced.union(&of_the_cluster).cloned().collect());
    }
}
