//! The topology with a hub: nothing wider than where each cluster has its own Argo CD, and nothing
//! deleted by a label.

use std::collections::BTreeSet;
use std::path::Path; // wing: addons

use serde_json::{Value, json};

use crate::delivery::unwatched;
use crate::delivery::watched; // wing: addons
use crate::local::matches; // wing: addons
use crate::object::{Object, find, of_kind};
use crate::render::ROOT; // wing: addons
use crate::render::{ALL, apps, file};
use crate::rights::{ADMISSION, POLICY};
use crate::rights::{inclusions, watched_for_addons}; // wing: addons
use crate::{applications, environments, namespace, plain};

fn clusters() -> Vec<Object> {
    ["project", "default-project", "applications"]
        .iter()
        .flat_map(|name| file(&format!("infra/clusters/{name}.yaml")))
        .collect()
}

#[test]
fn a_cluster_that_is_no_longer_selected_keeps_everything() {
    let clusters = clusters();
    let sets: Vec<_> = clusters
        .iter()
        .filter(|object| object.kind() == "ApplicationSet")
        .collect();
    assert!(!sets.is_empty());
    for set in sets {
        assert_eq!(
            set.at("/spec/syncPolicy/preserveResourcesOnDeletion"),
            &json!(true),
            "{}",
            set.id()
        );
        // A finalizer would prune as well.
        assert_eq!(
            set.at("/spec/template/metadata/finalizers"),
            &Value::Null,
            "{}",
            set.id()
        );
        assert_eq!(
            set.at("/spec/syncPolicy/applicationsSync"),
            &Value::Null,
            "{}",
            set.id()
        );
    }
}

/// What `infra/*/overlays/ENVIRONMENT` finds, but for what the set leaves out.
#[test]
fn a_target_runs_what_a_cluster_runs() {
    let set = file("infra/clusters/applications.yaml");
    let directories = set[0].list("/spec/generators/0/matrix/generators/1/git/directories");
    let (left_out, found): (Vec<_>, Vec<_>) = directories
        .iter()
        .partition(|directory| directory["exclude"] == json!(true));
    let environment = r#"{{index .metadata.labels "gitops-loop/environment"}}"#;
    assert_eq!(
        found,
        [&json!({"path": format!("infra/*/overlays/{environment}")})]
    );
    assert_eq!(
        left_out,
        [&json!({"path": "infra/apps/overlays/*", "exclude": true})]
    );
    for environment in environments() {
        let folders = std::fs::read_dir(crate::render::ROOT.join("infra")).unwrap();
        let folders = folders.map(|entry| entry.unwrap().path());
        let with_overlay = folders.filter(|folder| folder.join("overlays").join(environment).is_dir());
        let names = with_overlay.filter_map(|folder| folder.file_name()?.to_str().map(str::to_owned));
        let names: BTreeSet<_> = names.filter(|name| name != "apps").collect();
        assert_eq!(names, applications().map(str::to_owned).collect());
    }
}

#[test]
fn a_target_looks_at_what_an_overlay_may_take() {
    let set = file("infra/clusters/applications.yaml");
    let template = Object(set[0].at("/spec/template").clone());
    for name in applications() {
        let unwatched = unwatched(name, &template);
        assert!(unwatched.is_empty(), "{name} does not look at {unwatched:?}");
    }
}

// wing: addons
/// An overlay takes it where its app is behind the balancer of two clusters (docs/CLUSTERS.md).
#[test]
fn a_target_looks_at_what_has_its_pods_drain() {
    let component = Path::new("infra/addons/load-balancer/draining");
    assert!(ROOT.join(component).is_dir());
    for folder in ["infra/clusters", "infra/local/clusters"] {
        let set = find(&ALL[folder].objects, "ApplicationSet", "message-board");
        let template = Object(set.at("/spec/template").clone());
        let watched = watched(Path::new("infra/app/overlays/environment"), &template);
        let is_watched = watched.iter().any(|path| component.starts_with(path));
        assert!(is_watched, "{folder}: {watched:?}");
    }
}

/// What an overlay takes of add-ons that a target does not get, where the settings name targets of
/// its environment.
fn kept_from_targets(settings: &str, environment: &str, overlay: &Object) -> Vec<String> {
    let settings: toml::Table = settings.parse().expect("the settings are TOML");
    let given = settings.get(environment).and_then(toml::Value::as_table);
    let has_targets = given.is_some_and(|given| given.keys().any(|key| key.ends_with("Target")));
    let components = overlay.list("/components").iter().filter_map(Value::as_str);
    let of_addons = components.filter_map(|path| path.strip_prefix(plain::ADDONS));
    let kept = of_addons.filter(|component| has_targets && *component != "load-balancer/draining");
    kept.map(str::to_owned).collect()
}

/// Argo CD leaves out what it does not look at, and its Application is Synced all the same: a
/// server that gave up its `replicas` for an autoscaler would have one pod, and for a canary none.
#[test]
fn an_overlay_that_targets_run_takes_no_add_on_that_argo_cd_looks_at_in_its_own_cluster_alone() {
    let target = "https://0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com";
    let looked_at = watched_for_addons();
    for (clusters, kinds) in looked_at.iter().flat_map(|text| inclusions(text)) {
        let is_there = clusters.is_empty() || clusters.iter().any(|pattern| matches(pattern, target));
        assert!(!is_there, "{kinds:?}");
    }
    let read = |path: &str| std::fs::read_to_string(ROOT.join(path)).expect("read a file");
    let settings = read("infra/aws/parameters.toml");
    for environment in environments() {
        for name in applications() {
            let path = format!("infra/{name}/overlays/{environment}/kustomization.yaml");
            let kept = kept_from_targets(&settings, environment, &file(&path)[0]);
            assert!(
                kept.is_empty(),
                "{path}: no target gets {kept:?} (docs/ADDONS.md)"
            );
        }
    }
    let overlay = [
        "../../pod-identity",
        "../../../addons/load-balancer/draining",
        "../../../addons/a/b",
    ];
    let overlay = Object(json!({ "components": overlay }));
    for (settings, kept) in [
        ("[one]\nTarget = \"blue\"\n", vec!["a/b"]),
        ("[one]\nOtherTarget = \"green\"\n", vec!["a/b"]),
        ("[one]\n[other]\nTarget = \"blue\"\n", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(kept_from_targets(settings, "one", &overlay), kept, "{settings}");
    }
}
// end of wing

#[test]
fn the_project_of_the_targets_allows_what_that_of_a_cluster_allows_and_nothing_on_the_hub() {
    let clusters = clusters();
    let ours = find(&clusters, "AppProject", "message-board");
    for environment in environments() {
        let theirs = find(plain::apps(environment), "AppProject", "message-board");
        for list in [
            "clusterResourceWhitelist",
            "namespaceResourceWhitelist",
            "sourceRepos",
        ] {
            let pointer = format!("/spec/{list}");
            assert_eq!(ours.at(&pointer), theirs.at(&pointer), "{list}");
        }
    }
    let destinations = ours.list("/spec/destinations");
    assert_eq!(destinations.len(), 2);
    assert_eq!(destinations[0], json!({"server": "*", "namespace": namespace()}));
    assert_eq!(destinations[1]["server"], "!https://kubernetes.default.svc");
    let closed = find(&clusters, "AppProject", "default");
    let everywhere = find(apps(crate::first()), "AppProject", "default");
    assert_eq!(closed.at("/spec"), everywhere.at("/spec"));
}

#[test]
fn the_hub_runs_one_version_of_argo_cd() {
    let path = crate::render::ROOT.join("infra/argocd/kustomization.yaml");
    let kustomization = std::fs::read_to_string(path).expect("read the kustomization of Argo CD");
    let controller = file("infra/hub/applicationset/controller.yaml");
    let controller = find(&controller, "Deployment", "argocd-applicationset-controller");
    let image = controller.text("/spec/template/spec/containers/0/image");
    let (_, version) = image.rsplit_once(':').expect("the image has a tag");
    assert!(
        kustomization.contains(&format!("/{version}/manifests/install.yaml")),
        "{image}"
    );
}

/// The patch of the hub, the stacks and the rights in a target name the same role, accounts and
/// group.
#[test]
fn argo_cd_logs_in_to_targets_by_what_the_templates_make() {
    let (hub, cluster) = (
        file("infra/aws/hub.yaml").remove(0),
        file("infra/aws/cluster.yaml").remove(0),
    );
    let role = hub.at("/Resources/HubArgoCdRole/Properties");
    let project = hub.text("/Parameters/Project/Default");
    let name = role["RoleName"].as_str().expect("it has a name");
    let name = name.replace("${Project}", project);
    let kustomization = &file("infra/hub/kustomization.yaml")[0];
    let patches = kustomization.list("/patches").iter();
    let login = patches.filter(|patch| patch["target"]["kind"] == "ServiceAccount");
    let [patch] = login.collect::<Vec<_>>()[..] else {
        panic!("one patch says who logs in");
    };
    let text = |field: &Value| field.as_str().expect("a text").to_owned();
    assert!(
        text(&patch["patch"])
            .trim_end()
            .ends_with(&format!(":role/{name}"))
    );
    let trusted = text(&role["AssumeRolePolicyDocument"]);
    let (start, end) = ("argocd-(", ")");
    let accounts = text(&patch["target"]["name"]);
    let accounts = accounts
        .strip_prefix(start)
        .and_then(|rest| rest.strip_suffix(end));
    for account in accounts.expect("a list of names").split('|') {
        let subject = format!("\"system:serviceaccount:argocd:argocd-{account}\"");
        assert!(trusted.contains(&subject), "{account}");
    }
    let target = file("infra/target/kustomization.yaml");
    let group = text(&target[0].at("/patches/0/patch").clone());
    for entry in ["TargetEntry", "OtherTargetEntry"] {
        let groups = cluster.list(&format!("/Resources/{entry}/Properties/KubernetesGroups"));
        let [Value::String(one)] = groups else {
            panic!("{entry} has one group");
        };
        assert!(group.contains(&format!("kind: Group, name: {one} ")), "{one}");
    }
}

/// What a push to Git may not switch off (`rights.rs`), it may not where the hub brings it.
#[test]
fn in_a_target_the_hub_may_not_take_from_the_namespace_what_judges_its_pods() {
    let target = &ALL["infra/target"].objects;
    let policy = find(target, "ValidatingAdmissionPolicy", POLICY);
    let own = file(ADMISSION);
    let own = find(&own, "ValidatingAdmissionPolicy", POLICY);
    for part in ["failurePolicy", "matchConstraints", "validations"] {
        let pointer = format!("/spec/{part}");
        assert_eq!(policy.at(&pointer), own.at(&pointer), "{part}");
    }
    let group = of_kind(target, "ClusterRoleBinding")[0].text("/subjects/0/name");
    let expression = format!("\"{group}\" in request.userInfo.groups");
    let conditions = json!([{ "name": "by-argo-cd", "expression": expression }]);
    assert_eq!(*policy.at("/spec/matchConditions"), conditions);
    find(target, "ValidatingAdmissionPolicyBinding", POLICY);
}

/// The hub writes those of infra/platform: others here would be a conflict when a person applies
/// this again.
#[test]
fn the_rights_in_a_target_give_the_namespace_no_label_that_the_hub_changes() {
    let ours = find(&ALL["infra/target"].objects, "Namespace", namespace());
    let ours = ours.at("/metadata/labels").as_object().expect("labels");
    for environment in environments() {
        let platform = &ALL[&format!("infra/platform/overlays/{environment}")].objects;
        let theirs = find(platform, "Namespace", namespace());
        for (label, value) in ours {
            assert_eq!(
                theirs.at("/metadata/labels")[label],
                *value,
                "{label} in {environment}"
            );
        }
    }
}
