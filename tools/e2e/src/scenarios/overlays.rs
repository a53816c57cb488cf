//! The files of the first environment's overlays that scenarios change, by their paths under
//! `infra/`, and what they add to them. A change of a base would reach the other environments at
//! the same time.

use anyhow::Result;
use serde_json::{Value, json};

use crate::environment::Environment;
use crate::git::kustomization_edits::with_item;

/// On the Deployment alone: no pod is replaced, so that nothing but the sync is waited for.
pub(crate) const ANNOTATION: &str = "gitops-loop.example.com/merge";

/// The folder of an app's overlay.
pub(crate) fn folder(app: &str) -> String {
    folder_in(app, Environment::first())
}

/// The overlay of an app.
pub(crate) fn of(app: &str) -> String {
    in_environment(app, Environment::first())
}

/// The overlay of an app in this environment.
pub(crate) fn in_environment(app: &str, environment: Environment) -> String {
    format!("{}/kustomization.yaml", folder_in(app, environment))
}

fn folder_in(app: &str, environment: Environment) -> String {
    format!("{app}/overlays/{environment}")
}

/// An entry for `patches`: `patch`, a strategic merge or a list of JSON operations, for every
/// object of these kinds.
pub(crate) fn patch(kinds: &str, patch: &Value) -> Value {
    json!({ "target": { "kind": kinds }, "patch": patch.to_string() })
}

/// One that sets a field, whether it is there or not.
pub(crate) fn set(kinds: &str, path: &str, value: &Value) -> Value {
    patch(kinds, &json!([{ "op": "add", "path": path, "value": value }]))
}

/// One that merges `container` into the container of its name.
pub(crate) fn container(kinds: &str, container: &Value) -> Value {
    pod_template(kinds, &json!({ "spec": { "containers": [container] } }))
}

/// Gives the Deployment the annotation, in place of the one it was given before: the last patch
/// counts.
pub(crate) fn annotated(value: &str) -> impl FnOnce(String) -> Result<String> + use<> {
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "any", "annotations": { ANNOTATION: value } },
    });
    let patch = patch("Deployment", &deployment);
    move |text| with_item(&text, "patches", &patch)
}

/// One that replaces the pods of the servers and changes nothing else, as `kubectl rollout restart`
/// does. Another `mark` replaces them once more.
pub(crate) fn restart(mark: &str) -> Value {
    let annotations = json!({ "kubectl.kubernetes.io/restartedAt": mark });
    pod_template(
        "Deployment",
        &json!({ "metadata": { "annotations": annotations } }),
    )
}

fn pod_template(kinds: &str, template: &Value) -> Value {
    // A patch must have kind and name; the target says what it is for.
    let object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "any" },
        "spec": { "template": template },
    });
    patch(kinds, &object)
}
