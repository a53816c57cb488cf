//! What Argo CD may do in a cluster, and what it watches there, is what its project allows.

pub(crate) mod given;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::local::matches; // wing: addons
use crate::object::{Object, find};
use crate::render::ROOT; // wing: addons
use crate::render::{file, minor_of_kubernetes, parse};
use crate::{environments, namespace, plain};

const CONTROLLER: &str = "argocd-application-controller";
/// What an admission policy refuses it besides, and the policy's name.
pub(crate) const ADMISSION: &str = "infra/argocd/rights/admission.yaml";
pub(crate) const POLICY: &str = "argocd-namespaces";
/// What the kinds of the project make.
const MADE: [(&str, &str); 3] = [("", "Pod"), ("apps", "ReplicaSet"), ("batch", "Job")];
/// Its own.
const OWN: [(&str, &str); 2] = [("argoproj.io", "Application"), ("argoproj.io", "AppProject")];

/// Pairs of group and kind.
pub(crate) type Kinds = BTreeSet<(String, String)>;

fn kinds(pairs: &[(&str, &str)]) -> Kinds {
    let owned = pairs
        .iter()
        .map(|(group, kind)| ((*group).to_owned(), (*kind).to_owned()));
    owned.collect()
}

/// What the project allows where no line brings an add-on: the rights for those are with them.
fn project(environment: &'static str, list: &str) -> Kinds {
    let project = find(plain::apps(environment), "AppProject", namespace());
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

/// Each of the groups with each of what else is named under `key`.
fn pairs(entry: &Value, key: &str) -> Kinds {
    let of_group = |group: &str| {
        let names = words(&entry[key]);
        let pairs = names.map(|name| (group.to_owned(), name.to_owned()));
        pairs.collect::<Vec<_>>()
    };
    words(&entry["apiGroups"]).flat_map(of_group).collect()
}

/// What the rules of a role name, as pairs of group and the plural that RBAC knows a kind by.
pub(crate) fn granted(role: &Object) -> Kinds {
    let rules = role.list("/rules").iter();
    rules.flat_map(|rule| pairs(rule, "resources")).collect()
}

/// What Argo CD is told to watch: clusters, of which none named are all, and the kinds there.
pub(crate) fn inclusions(text: &str) -> Vec<(Vec<String>, Kinds)> {
    let list = parse(text, "resource.inclusions").remove(0).0;
    let entries = list.as_array().expect("a list of groups").iter();
    entries
        .map(|entry| {
            let clusters = words(&entry["clusters"]).map(str::to_owned);
            (clusters.collect(), pairs(entry, "kinds"))
        })
        .collect()
}

/// What it is told without add-ons.
pub(crate) fn watched() -> String {
    let settings = file("infra/argocd/settings.yaml");
    let settings = find(&settings, "ConfigMap", "argocd-cm");
    settings.text("/data/resource.inclusions").to_owned()
}

// wing: addons
/// What each add-on tells it besides.
pub(crate) fn watched_for_addons() -> Vec<String> {
    let folders = std::fs::read_dir(ROOT.join("infra/addons")).expect("list the add-ons");
    let names = folders.map(|entry| entry.expect("an add-on").file_name());
    let paths = names.map(|name| format!("infra/addons/{}/argocd/values.yaml", name.display()));
    let values = paths.filter(|path| ROOT.join(path).is_file());
    let texts = values.map(|path| file(&path)[0].text("/data/inclusions").to_owned());
    texts.filter(|text| !text.is_empty()).collect()
}
// end of wing

/// As RBAC knows them.
pub(crate) fn plural(kinds: &Kinds) -> Kinds {
    let plural = |kind: &str| match kind.to_lowercase() {
        name if name.ends_with('y') => format!("{}ies", name.trim_end_matches('y')),
        name if name.ends_with('s') => format!("{name}es"),
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
    let rights = given::rights();
    let faults = given::faults(&rights);
    assert!(faults.is_empty(), "{faults:#?}");
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
    let included = inclusions(&watched()).into_iter();
    let included: Kinds = included
        .flat_map(|(clusters, kinds)| {
            assert!(clusters.is_empty(), "in every cluster that it knows");
            kinds
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

/// A push to Git could otherwise switch off what refuses the rest of the same push.
#[test]
fn argo_cd_may_not_take_from_its_namespace_what_judges_its_pods() {
    let kustomization = &file("infra/argocd/rights/kustomization.yaml")[0];
    let is_applied = |path: &Value| path.as_str().is_some_and(|path| ADMISSION.ends_with(path));
    assert!(kustomization.list("/resources").iter().any(is_applied));
    let objects = file(ADMISSION);
    let policy = find(&objects, "ValidatingAdmissionPolicy", POLICY);
    assert_eq!(policy.text("/spec/failurePolicy"), "Fail");
    let changes = json!([{
        "apiGroups": [""], "apiVersions": ["v1"], "resources": ["namespaces"],
        "operations": ["CREATE", "UPDATE"],
    }]);
    assert_eq!(*policy.at("/spec/matchConstraints/resourceRules"), changes);
    let accounts = r#"request.userInfo.username.startsWith("system:serviceaccount:argocd:")"#;
    let conditions = json!([{ "name": "by-argo-cd", "expression": accounts }]);
    assert_eq!(*policy.at("/spec/matchConditions"), conditions);
    let validations = policy.list("/spec/validations").iter();
    let expressions: Vec<_> = validations.filter_map(|one| one["expression"].as_str()).collect();
    // As a whole: an alternative in one of them would let the rest through.
    let labels = "object.metadata.?labels";
    let level = format!(r#"{labels}[?"pod-security.kubernetes.io/enforce"].orValue("") == "restricted""#);
    let version = format!(
        r#"{labels}[?"pod-security.kubernetes.io/enforce-version"].orValue("").matches("^(latest|v1[.][3-9][0-9])$")"#
    );
    let is_looked_at = format!(r#"{labels}[?"policy.sigstore.dev/include"].orValue("") == "true""#);
    let is_left_out = format!(r#"{labels}[?"webhooks.knative.dev/exclude"].hasValue()"#);
    let whole = [
        format!("{level} && {version}"),
        format!("{is_looked_at} && !{is_left_out}"),
    ];
    assert_eq!(expressions, whole);
    let binding = find(&objects, "ValidatingAdmissionPolicyBinding", POLICY);
    let denied = json!({ "policyName": POLICY, "validationActions": ["Deny"] });
    assert_eq!(*binding.at("/spec"), denied);
    // Else it would refuse infra/platform, where the version is this one.
    let minor = minor_of_kubernetes();
    let number = minor
        .strip_prefix("v1.")
        .and_then(|minor| minor.parse::<u8>().ok());
    assert!(number.is_some_and(|minor| (30..100).contains(&minor)), "{minor}");
}

// wing: addons
/// It goes by the cluster's name where it compares, and by the address of its own API where it
/// watches.
#[test]
fn what_argo_cd_watches_for_add_ons_is_in_its_own_cluster() {
    let own = file("infra/argocd/cluster.yaml");
    let name = find(&own, "Secret", "in-cluster").text("/stringData/server");
    let texts = watched_for_addons();
    assert!(!texts.is_empty());
    for (clusters, kinds) in texts.iter().flat_map(|text| inclusions(text)) {
        for address in [name, "https://172.20.0.1:443", "https://[fd00::1]:443"] {
            let is_named = clusters.iter().any(|pattern| matches(pattern, address));
            assert!(is_named, "{kinds:?} are not watched at {address}");
        }
    }
}
// end of wing
