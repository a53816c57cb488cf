//! What the accounts of previews may do, and what the admission policy refuses them all the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{FOLDERS, objects, wall};
use crate::local::matches;
use crate::object::{find, of_kind};
use crate::rights::{granted, inclusions, plural, watched};

/// Who is bound in the whole cluster, and to what.
#[test]
fn nothing_but_the_keeper_binds_the_right_to_deploy() {
    let objects = objects(FOLDERS[0]);
    let bindings = [
        of_kind(objects, "ClusterRoleBinding"),
        of_kind(objects, "RoleBinding"),
    ]
    .concat();
    assert!(
        bindings
            .iter()
            .all(|one| one.text("/roleRef/name") != "previews-deploy")
    );
    let binding = wall("access");
    assert_eq!(binding.text("/roleRef/name"), "previews-deploy");
    assert_eq!(
        *binding.at("/subjects"),
        json!([{"kind": "ServiceAccount", "name": "argocd", "namespace": "previews"}])
    );
    let keeper = find(objects, "ClusterRole", "previews");
    let binds = keeper.list("/rules").iter().filter(|rule| {
        let verbs = rule["verbs"].as_array().expect("verbs");
        verbs
            .iter()
            .any(|verb| verb == "bind" || verb == "escalate" || verb == "*")
    });
    let binds: Vec<_> = binds.map(|rule| &rule["resourceNames"]).collect();
    assert_eq!(binds, [&json!(["previews-deploy"])]);
    let watch = find(objects, "ClusterRole", "previews-watch");
    let may: BTreeSet<_> = watch
        .list("/rules")
        .iter()
        .flat_map(|rule| rule["verbs"].as_array().expect("verbs"))
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(may, ["get", "list", "watch"].into());
    let all = serde_json::to_string(watch.at("/rules")).expect("JSON");
    assert!(!all.contains("secrets") && !all.contains("configmaps"), "{all}");
}

#[test]
fn what_these_accounts_write_elsewhere_is_refused() {
    for folder in FOLDERS {
        let policy = find(objects(folder), "ValidatingAdmissionPolicy", "previews");
        assert_eq!(policy.text("/spec/failurePolicy"), "Fail");
        let rules = policy.list("/spec/matchConstraints/resourceRules");
        assert_eq!(rules.len(), 1);
        for everything in ["apiGroups", "apiVersions"] {
            assert_eq!(rules[0][everything], json!(["*"]));
        }
        assert_eq!(rules[0]["resources"], json!(["*/*"]));
        assert_eq!(
            rules[0]["operations"],
            json!(["CREATE", "UPDATE", "DELETE", "CONNECT"])
        );
        let binding = find(objects(folder), "ValidatingAdmissionPolicyBinding", "previews");
        assert_eq!(*binding.at("/spec/validationActions"), json!(["Deny"]));
        assert!(binding.at("/spec/matchResources").is_null());
        // It is about all accounts of the namespace of these.
        let condition = policy.text("/spec/matchConditions/0/expression");
        assert!(
            condition.contains("system:serviceaccount:previews:"),
            "{condition}"
        );
    }
}

/// Its rights let it change an Application in every way, so the policy says in which it may not.
#[test]
fn the_keeper_may_not_change_what_an_application_deploys() {
    for folder in FOLDERS {
        let verbs: Vec<_> = of_kind(objects(folder), "Role")
            .into_iter()
            .filter(|role| role.name() == "previews")
            .flat_map(|role| role.list("/rules"))
            .filter(|rule| rule["resources"] == json!(["applications"]))
            .map(|rule| &rule["verbs"])
            .collect();
        assert_eq!(verbs, [&json!(["get", "list", "patch"])], "{folder}");
        let policy = find(objects(folder), "ValidatingAdmissionPolicy", "previews");
        let of_applications: Vec<_> = policy
            .list("/spec/validations")
            .iter()
            .filter_map(|one| one["expression"].as_str()?.strip_prefix("!variables.starts || "))
            .collect();
        for guard in [
            "object.spec == oldObject.spec",
            "object.?operation.?sync.orValue({}).all(",
            "variables.status[0].all(",
            "variables.sync[0].all(",
        ] {
            let held = of_applications.iter().any(|one| one.contains(guard));
            assert!(held, "{folder}: {guard} not in {of_applications:?}");
        }
    }
}

/// One kind that it may not list leaves Argo CD without anything of a cluster.
#[test]
fn argo_cd_may_list_in_previews_all_that_it_watches_there() {
    let project = find(objects(FOLDERS[0]), "AppProject", "previews");
    let server = project.text("/spec/destinations/0/server");
    let may = granted(find(objects(FOLDERS[0]), "ClusterRole", "previews-watch"));
    let texts = std::iter::once(watched());
    let texts = texts.chain(crate::rights::watched_for_addons()); // wing: addons
    for (clusters, kinds) in texts.flat_map(|text| inclusions(&text)) {
        let is_there = clusters.is_empty() || clusters.iter().any(|pattern| matches(pattern, server));
        let kinds = plural(&kinds);
        assert!(!is_there || kinds.is_subset(&may), "{kinds:?} at {server}");
    }
}
