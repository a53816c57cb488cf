//! What the accounts of previews may do, and what the admission policy refuses them all the same.

use std::collections::BTreeSet;

use serde_json::json;

use super::{FOLDERS, objects, wall};
use crate::local::matches;
use crate::object::{find, of_kind};
use crate::rights::given::{CHANGE, LOOK, bound, given, is_within};
use crate::rights::{granted, inclusions, plural, watched};

/// Everybody who is given a role, where, and which.
#[test]
fn nothing_but_the_keeper_binds_the_right_to_deploy() {
    let to = |account: &str| format!("ServiceAccount {account}");
    let keeper = to("previews/previews");
    let wanted = BTreeSet::from([
        given(
            "ClusterRoleBinding",
            "",
            "ClusterRole/previews-watch",
            &to("previews/argocd"),
        ),
        given("ClusterRoleBinding", "", "ClusterRole/previews", &keeper),
        given("RoleBinding", "argocd", "Role/previews", &keeper),
        given("RoleBinding", "previews", "Role/previews", &keeper),
        given(
            "RoleBinding",
            "argocd",
            "Role/argocd-applicationset-controller",
            &to("argocd/argocd-applicationset-controller"),
        ),
    ]);
    for folder in FOLDERS {
        assert_eq!(bound(objects(folder)), wanted, "{folder}");
    }
    let deploys = given(
        "RoleBinding",
        "preview-0",
        "ClusterRole/previews-deploy",
        &to("previews/argocd"),
    );
    assert_eq!(bound(&[wall("access")]), BTreeSet::from([deploys]));
}

#[test]
fn accounts_of_previews_have_the_verbs_that_they_need_and_no_others() {
    let objects = objects(FOLDERS[0]);
    let rules = |kind: &str, name: &str| find(objects, kind, name).list("/rules");
    let keeper = rules("ClusterRole", "previews");
    let own: Vec<_> = [LOOK.as_slice(), &CHANGE].concat();
    let wide = keeper.iter().filter(|rule| !is_within(rule, &own));
    let binds = json!({
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["clusterroles"],
        "resourceNames": ["previews-deploy"],
        "verbs": ["bind"],
    });
    assert_eq!(wide.collect::<Vec<_>>(), [&binds]);
    let deploys = rules("ClusterRole", "previews-deploy");
    assert!(deploys.iter().all(|rule| is_within(rule, &CHANGE)), "{deploys:?}");
    let watch = find(objects, "ClusterRole", "previews-watch");
    let watches = watch.list("/rules");
    assert!(watches.iter().all(|rule| is_within(rule, &LOOK)), "{watches:?}");
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
