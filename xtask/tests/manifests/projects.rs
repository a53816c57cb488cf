//! The projects: what each Application may read and make, and that none may do more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::delivery::clusters;
use crate::object::{Object, find, of_kind};
use crate::render::{environment, local_overlay}; // wing: addons
use crate::{applications, namespace, plain};

#[test]
fn the_project_allows_exactly_what_is_rendered() {
    for cluster in clusters() {
        let project = find(cluster.plain(), "AppProject", namespace());
        let objects = if cluster.local {
            applications()
                .flat_map(|name| plain::local_overlay(name, cluster.environment).to_vec())
                .collect()
        } else {
            plain::environment(cluster.environment)
        };
        let kinds = |scope: fn(&&Object) -> bool| kinds(objects.iter().filter(scope));
        let namespaced = kinds(|object| !object.at("/metadata/namespace").is_null());
        let expected: BTreeSet<_> = namespaced.union(&of_apps()).cloned().collect();
        assert_eq!(allowed(project), expected);
        assert_eq!(
            *project.at("/spec/clusterResourceWhitelist"),
            json!([{"group": "", "kind": "Namespace", "name": namespace()}])
        );
        assert_eq!(
            kinds(|object| object.at("/metadata/namespace").is_null()).len(),
            1,
            "only the Namespace"
        );
        for application in of_kind(cluster.plain(), "Application") {
            assert_eq!(application.text("/spec/project"), project.name());
            assert_eq!(
                project.list("/spec/destinations"),
                [application.at("/spec/destination").clone()]
            );
        }
        assert_eq!(*project.at("/spec/destinations/0/namespace"), namespace());
        assert_eq!(project.list("/spec/destinations").len(), 1);
    }
}

// wing: addons
#[test]
fn what_lines_of_add_ons_bring_to_apps_is_allowed_too() {
    for cluster in clusters() {
        let objects = if cluster.local {
            applications()
                .flat_map(|name| local_overlay(name, cluster.environment).to_vec())
                .collect()
        } else {
            environment(cluster.environment)
        };
        let (of_cluster, namespaced): (Vec<_>, Vec<_>) = objects
            .iter()
            .partition(|object| object.at("/metadata/namespace").is_null());
        let of_cluster: Vec<_> = of_cluster.iter().map(|object| object.kind()).collect();
        assert_eq!(of_cluster, ["Namespace"]);
        let brought = kinds(namespaced.into_iter());
        let allowed = allowed(cluster.project());
        assert!(
            brought.is_subset(&allowed),
            "{brought:?} in {}",
            cluster.environment
        );
    }
}
// end of wing

/// What an app of any kind may bring: the project allows it from the start, so that no new app
/// widens what Argo CD may do.
const OF_APPS: [(&str, &str); 7] = [
    ("", "PersistentVolumeClaim"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "Deployment"),
    ("batch", "CronJob"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
];

fn of_apps() -> BTreeSet<(String, String)> {
    OF_APPS
        .map(|(group, kind)| (group.to_owned(), kind.to_owned()))
        .into()
}

// wing: generators
#[test]
fn templates_of_apps_bring_what_every_project_allows() {
    let templates = crate::render::files_below("tools/generators/templates/app");
    let manifests = templates.iter().filter(|path| {
        let path = path.to_string_lossy();
        path.contains("/infra/app-name/base/") && !path.ends_with("kustomization.yaml")
    });
    let manifests: Vec<_> = manifests
        .flat_map(|path| crate::render::file(&path.to_string_lossy()))
        .collect();
    assert!(manifests.len() > 10, "{} objects", manifests.len());
    assert_eq!(kinds(manifests.iter()), of_apps());
}
// end of wing

/// Groups and kinds of objects.
fn kinds<'a>(objects: impl Iterator<Item = &'a Object>) -> BTreeSet<(String, String)> {
    objects
        .map(|object| (object.group().to_owned(), object.kind().to_owned()))
        .collect()
}

/// Groups and kinds that a project allows in a namespace.
fn allowed(project: &Object) -> BTreeSet<(String, String)> {
    let text = |entry: &Value, key| entry[key].as_str().unwrap_or_default().to_owned();
    let list = project.list("/spec/namespaceResourceWhitelist").iter();
    list.map(|entry| (text(entry, "group"), text(entry, "kind")))
        .collect()
}

// Where nothing is said, a list of what is allowed in a namespace allows all, one of what is
// allowed in the cluster nothing.

#[test]
fn the_roots_project_allows_exactly_what_the_root_renders() {
    for cluster in clusters() {
        let (root, project) = (cluster.root(), cluster.roots_project());
        assert_eq!(root.text("/spec/project"), project.name());
        assert_eq!(allowed(project), kinds(cluster.apps.iter()));
        for object in cluster.apps {
            assert_eq!(object.text("/metadata/namespace"), "argocd", "{}", object.id());
        }
        assert_eq!(root.text("/spec/destination/namespace"), "argocd");
        assert_eq!(
            project.list("/spec/destinations"),
            [root.at("/spec/destination").clone()]
        );
        let spec = project.at("/spec").as_object().expect("fields");
        let said: BTreeSet<_> = spec.keys().map(String::as_str).collect();
        let said_at_most = [
            "description",
            "destinations",
            "namespaceResourceWhitelist",
            "sourceRepos",
        ];
        assert_eq!(
            said,
            said_at_most.into(),
            "it allows something in the cluster or to someone"
        );
    }
}

#[test]
fn nothing_is_in_the_project_default_which_allows_nothing() {
    for cluster in clusters() {
        for application in cluster.applications() {
            assert_ne!(
                application.text("/spec/project"),
                "default",
                "{}",
                application.id()
            );
        }
        let project = find(cluster.apps, "AppProject", "default");
        // Said, because Argo CD has already made one that allows all, and a list that is left out
        // stays.
        for list in [
            "sourceRepos",
            "sourceNamespaces",
            "destinations",
            "clusterResourceWhitelist",
        ] {
            assert_eq!(*project.at(&format!("/spec/{list}")), json!([]), "{list}");
        }
        assert_eq!(
            *project.at("/spec/namespaceResourceBlacklist"),
            json!([{"group": "*", "kind": "*"}])
        );
        assert_eq!(
            project.annotation("argocd.argoproj.io/sync-options"),
            "Prune=false",
            "Argo CD would make it anew, and open"
        );
    }
}
