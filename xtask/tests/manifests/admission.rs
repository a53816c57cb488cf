//! The controller that lets images in: what it is asked about, what happens where it does not answer, and whose images it knows.

use serde_json::{Value, json};

use crate::object::{Object, find};
use crate::render::{ALL, overlay};
use crate::{ENVIRONMENTS, NAMESPACE};

const FOLDERS: [&str; 2] = ["infra/admission", "infra/local/admission"];
/// Both configurations of this name are asked about pods.
const HOOKS: [&str; 2] = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
const HOOK: &str = "policy.sigstore.dev";

fn faults(objects: &[Object]) -> Vec<&'static str> {
    let mut faults = Vec::new();
    for kind in HOOKS {
        let hook = find(objects, kind, HOOK).at("/webhooks/0");
        if hook["failurePolicy"] != "Fail" {
            faults.push("where it does not answer, images get in");
        }
        let pods = json!({
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
            "resources": ["pods", "pods/ephemeralcontainers"],
        });
        if !hook["rules"]
            .as_array()
            .is_some_and(|rules| rules.contains(&pods))
        {
            faults.push("until it has started, it is not asked about pods");
        }
        let namespaces = hook["namespaceSelector"]["matchExpressions"].as_array();
        let has = |wanted: Value| namespaces.is_some_and(|all| all.contains(&wanted));
        if !has(json!({"key": "policy.sigstore.dev/include", "operator": "In", "values": ["true"]})) {
            faults.push("it is asked about namespaces that do not want it");
        }
        let vital = json!(["kube-system", "argocd", "cosign-system"]);
        if !has(json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": vital})) {
            faults.push("without it, a cluster cannot come up");
        }
    }
    let settings = find(objects, "ConfigMap", "config-policy-controller");
    if settings.text("/data/no-match-policy") != "deny" {
        faults.push("an image that no policy speaks of gets in");
    }
    faults
}

#[test]
fn the_guard_fails_closed_and_leaves_alone_what_a_cluster_needs() {
    for folder in FOLDERS {
        let objects = &ALL[folder].objects;
        assert!(faults(objects).is_empty(), "{folder}: {:?}", faults(objects));
    }
    for (from, to) in [
        ("failurePolicy: Fail", "failurePolicy: Ignore"),
        ("- pods/ephemeralcontainers", "- services"),
        ("policy.sigstore.dev/include", "policy.sigstore.dev/exclude"),
        ("- argocd", "- other"),
        ("no-match-policy: deny", "no-match-policy: warn"),
    ] {
        let text = &ALL[FOLDERS[0]].text;
        let broken = text.replace(from, to);
        assert_ne!(*text, broken, "{from} is not there");
        let objects = crate::render::parse(&broken, to);
        assert!(!faults(&objects).is_empty(), "nobody minds {to}");
    }
}

#[test]
fn its_policy_speaks_of_every_image_that_is_released() {
    for folder in FOLDERS {
        let policy = find(&ALL[folder].objects, "ClusterImagePolicy", NAMESPACE);
        let glob = policy.text("/spec/images/0/glob");
        let prefix = glob.strip_suffix("**").expect("everything below a folder");
        for environment in ENVIRONMENTS {
            for app in ["backend", "frontend"] {
                let server = find(overlay(app, environment), "Deployment", app);
                let image = server.text("/spec/template/spec/containers/0/image");
                assert!(image.starts_with(prefix), "{folder}: {glob} is not about {image}");
            }
        }
    }
}

#[test]
fn its_pods_are_as_confined_as_ours() {
    for folder in FOLDERS {
        let controller = find(&ALL[folder].objects, "Deployment", "webhook");
        let template = controller.template().expect("a Deployment has a template");
        assert_eq!(*template.at("/spec/securityContext/runAsNonRoot"), true);
        assert_eq!(
            template.text("/spec/securityContext/seccompProfile/type"),
            "RuntimeDefault"
        );
        for container in template.containers() {
            assert_eq!(*container.at("/securityContext/readOnlyRootFilesystem"), true);
            assert_eq!(*container.at("/securityContext/allowPrivilegeEscalation"), false);
            assert_eq!(
                *container.at("/securityContext/capabilities/drop"),
                json!(["ALL"])
            );
            assert!(!container.at("/resources/limits/memory").is_null());
        }
    }
}
