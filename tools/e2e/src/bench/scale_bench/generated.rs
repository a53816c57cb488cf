//! What is generated: the repository of many small apps, and the objects that let Argo CD run them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use taskkit::removal::remove_folder;

use crate::environment::Environment;
use crate::platform::argocd::{GROUP, NAMESPACE as ARGOCD};

/// The repository on the forge, the project, the namespace, and what begins the name of each app.
pub(super) const NAME: &str = "scale";
/// What all that is generated in a cluster has.
pub(super) const OURS: &str = "app.kubernetes.io/part-of=scale";
/// The label of a Deployment that a change of its own overlay sets.
pub(super) const OWN: &str = "own-release";
/// The one that a change of the base sets.
pub(super) const BASE: &str = "base-release";
/// The right to everything, as upstream grants it.
const EVERYTHING: &str = "scale-argocd";

const WATCHED: &str = "argocd.argoproj.io/manifest-generate-paths";
const CONTROLLER: &str = "argocd-application-controller";
const SERVER: &str = "https://kubernetes.default.svc";
const KUSTOMIZATION: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";

/// No pods: what is measured is Argo CD. No virtual address either, which each node would make
/// rules for.
const OBJECTS: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: scale
automountServiceAccountToken: false
---
apiVersion: v1
kind: Service
metadata:
  name: scale
spec:
  clusterIP: None
  ports:
    - name: http
      port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: scale
spec:
  replicas: 0
  template:
    spec:
      serviceAccountName: scale
      containers:
        - name: app
          image: never-pulled
";

/// The name of an app and of its Application.
pub(super) fn app(number: u32) -> String {
    format!("{NAME}{}", suffix(number))
}

fn suffix(number: u32) -> String {
    format!("-{number:04}")
}

/// The path of an app's overlay.
fn overlay(number: u32) -> String {
    format!("overlays/{}", app(number))
}

/// Writes the repository of so many apps into an empty folder or over what another number left.
pub(super) fn write(folder: &Path, apps: u32, release: u32) -> Result<()> {
    remove_folder(&folder.join("overlays"))?;
    write_file(folder, "base/objects.yaml", OBJECTS)?;
    change_base(folder, release)?;
    (1..=apps).try_for_each(|number| change_overlay(folder, number, release))
}

/// Changes what all apps have in common.
pub(super) fn change_base(folder: &Path, release: u32) -> Result<()> {
    let text = format!(
        "{KUSTOMIZATION}resources:\n  - objects.yaml\nlabels:\n  - pairs:\n      app.kubernetes.io/part-of: {NAME}\n      {BASE}: \"{release}\"\n"
    );
    write_file(folder, "base/kustomization.yaml", &text)
}

/// Changes one app.
pub(super) fn change_overlay(folder: &Path, number: u32, release: u32) -> Result<()> {
    let text = format!(
        "{KUSTOMIZATION}resources:\n  - ../../base\nnameSuffix: \"{}\"\nlabels:\n  - pairs:\n      app.kubernetes.io/name: {}\n    includeSelectors: true\n  - pairs:\n      {OWN}: \"{release}\"\n",
        suffix(number),
        app(number)
    );
    write_file(folder, &format!("{}/kustomization.yaml", overlay(number)), &text)
}

fn write_file(folder: &Path, path: &str, text: &str) -> Result<()> {
    let file = folder.join(path);
    let parent = file.parent().context("a file is in a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("make {}", parent.display()))?;
    fs::write(&file, text).with_context(|| format!("write {}", file.display()))
}

/// One Application, as those in `infra/apps`; `watches` its folders only, or looks at each commit.
pub(super) fn application(number: u32, repository: &str, watches: bool) -> Value {
    let annotations = if watches {
        json!({ WATCHED: ".;../../base" })
    } else {
        json!({})
    };
    let revision = format!("refs/heads/{}", Environment::first().branch());
    json!({
        "apiVersion": format!("{GROUP}/v1alpha1"),
        "kind": "Application",
        "metadata": {
            "name": app(number),
            "namespace": ARGOCD,
            "labels": labels(),
            "annotations": annotations,
        },
        "spec": {
            "project": NAME,
            "source": { "repoURL": repository, "targetRevision": revision, "path": overlay(number) },
            "destination": { "server": SERVER, "namespace": NAME },
            "syncPolicy": {
                "automated": { "prune": true, "selfHeal": true },
                "retry": { "backoff": { "duration": "5s" } },
                "syncOptions": ["ServerSideApply=true"],
            },
        },
    })
}

/// The namespace, and what Argo CD may do in it.
pub(super) fn place() -> String {
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": { "name": CONTROLLER, "namespace": NAME, "labels": labels() },
        "rules": [
            rule("", &["services", "serviceaccounts"]),
            rule("apps", &["deployments"]),
        ],
    });
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAME, "labels": labels() },
    });
    let bindings = [("Role", CONTROLLER), ("ClusterRole", "argocd-watch")].map(|(kind, name)| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": { "name": name, "namespace": NAME, "labels": labels() },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name },
            "subjects": [controller()],
        })
    });
    let [write, watch] = bindings;
    [namespace, role, write, watch]
        .map(|one| one.to_string())
        .join("\n---\n")
}

/// The project of the Applications.
pub(super) fn project(repository: &str) -> String {
    let kinds = [("", "Service"), ("", "ServiceAccount"), ("apps", "Deployment")];
    let kinds = kinds.map(|(group, kind)| json!({ "group": group, "kind": kind }));
    json!({
        "apiVersion": format!("{GROUP}/v1alpha1"),
        "kind": "AppProject",
        "metadata": { "name": NAME, "namespace": ARGOCD, "labels": labels() },
        "spec": {
            "sourceRepos": [repository],
            "destinations": [{ "server": SERVER, "namespace": NAME }],
            "namespaceResourceWhitelist": kinds,
        },
    })
    .to_string()
}

/// What upstream lets its controller do.
pub(super) fn everything() -> String {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": { "name": EVERYTHING, "labels": labels() },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
        "subjects": [controller()],
    })
    .to_string()
}

fn controller() -> Value {
    json!({ "kind": "ServiceAccount", "name": CONTROLLER, "namespace": ARGOCD })
}

fn rule(group: &str, resources: &[&str]) -> Value {
    let verbs = ["create", "update", "patch", "delete"];
    json!({ "apiGroups": [group], "resources": resources, "verbs": verbs })
}

fn labels() -> Value {
    json!({ "app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": NAME })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_app_has_an_overlay_and_fewer_apps_leave_none_behind() {
        let folder = tempfile::tempdir().unwrap();
        for (apps, release) in [(12, 1), (3, 2)] {
            write(folder.path(), apps, release).unwrap();
            let overlays = fs::read_dir(folder.path().join("overlays")).unwrap();
            assert_eq!(overlays.count(), apps as usize);
        }
        let text = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
        let path = format!("{}/kustomization.yaml", overlay(3));
        assert!(text(&path).contains("own-release: \"2\"\n"), "{}", text(&path));
        // Without the quotes it would be a number.
        assert!(text(&path).contains("nameSuffix: \"-0003\"\n"), "{}", text(&path));
        let before = text("base/kustomization.yaml");
        change_overlay(folder.path(), 3, 7).unwrap();
        assert!(text(&path).contains("own-release: \"7\"\n"), "{}", text(&path));
        assert_eq!(text("base/kustomization.yaml"), before);
    }

    #[test]
    fn an_application_reads_its_overlay_and_watches_what_that_reads() {
        let one = application(7, "http://forge/scale.git", true);
        assert_eq!(one["spec"]["source"]["path"], "overlays/scale-0007");
        let paths = |one: &Value| one["metadata"]["annotations"][WATCHED].clone();
        assert_eq!(paths(&one), ".;../../base");
        assert_eq!(
            paths(&application(7, "http://forge/scale.git", false)),
            Value::Null
        );
    }
}
