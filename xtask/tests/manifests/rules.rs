//! The rules on what runs, each with manifests that break it.
//!
//! docs/SECURITY.md lists them.

use crate::PROJECT; // wing: generators
use crate::faults;
use crate::first; // wing: generators
use crate::object::Object;
use crate::render::{environment, local_overlay};
use crate::render::{is_generated, registry}; // wing: generators
use crate::{applications, environments, workloads};

struct Rule {
    /// As in the list of claims; the function in `faults` has the same name.
    name: &'static str,
    faults: fn(&[Object]) -> Vec<String>,
    /// Each breaks it: the object, the place in it, and the JSON that is put there; nothing removes
    /// what is there. The registry, which a fork has of its own, is `OUR_REGISTRY`.
    #[allow(
        dead_code,
        reason = "a copy may be without what makes the apps that are broken"
    )]
    broken: &'static [(&'static str, &'static str, &'static str)],
}

/// Writes each rule's name once.
macro_rules! rules {
    ($($name:ident: [$(($object:expr, $pointer:expr, $json:expr)),+ $(,)?],)+) => {
        &[$(Rule { name: stringify!($name), faults: faults::$name, broken: &[$(($object, $pointer, $json)),+] }),+]
    };
}

const OUR_REGISTRY: &str = "OUR_REGISTRY"; // wing: generators
/// Apps that `generated.rs` makes, so that these are about the same ones in every fork.
const SERVER: &str = "Deployment/a-api";
const WORKER: &str = "Deployment/a-worker";

const RULES: &[Rule] = rules! {
    labels: [
        (SERVER, "/metadata/labels/app.kubernetes.io~1part-of", ""),
        (WORKER, "/spec/template/metadata/labels/app.kubernetes.io~1name", ""),
    ],
    own_namespace: [(SERVER, "/metadata/namespace", "\"kube-system\"")],
    image_by_digest: [
        (SERVER, "/spec/template/spec/containers/0/image", "\"OUR_REGISTRY/a-api:latest\""),
        (WORKER, "/spec/template/spec/containers/0/image", "\"docker.io/library/a-worker@sha256:0000000000000000000000000000000000000000000000000000000000000000\""),
    ],
    requests_and_limits: [
        (SERVER, "/spec/template/spec/containers/0/resources/limits/memory", ""),
        (WORKER, "/spec/template/spec/containers/0/resources/requests/cpu", ""),
        (SERVER, "/spec/template/spec/containers/0/resources/limits/ephemeral-storage", ""),
        (WORKER, "/spec/template/spec/containers/0/resources/requests/ephemeral-storage", ""),
        (SERVER, "/spec/template/spec/initContainers", "[{\"name\": \"early\", \"resources\": {\"limits\": {\"memory\": \"1Mi\"}}}]"),
    ],
    not_root: [
        (SERVER, "/spec/template/spec/securityContext/runAsNonRoot", "false"),
        (WORKER, "/spec/template/spec/securityContext/runAsUser", "0"),
    ],
    read_only_root: [(SERVER, "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem", "false")],
    no_capability: [
        (SERVER, "/spec/template/spec/containers/0/securityContext/capabilities/add", "[\"NET_ADMIN\"]"),
        (WORKER, "/spec/template/spec/containers/0/securityContext/capabilities", ""),
        (WORKER, "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation", ""),
        (SERVER, "/spec/template/spec/containers/0/securityContext/privileged", "true"),
    ],
    seccomp: [
        (WORKER, "/spec/template/spec/securityContext/seccompProfile", ""),
        (SERVER, "/spec/template/spec/containers/0/securityContext/seccompProfile", "{\"type\": \"Unconfined\"}"),
    ],
    nothing_of_the_host: [
        (SERVER, "/spec/template/spec/volumes", "[{\"name\": \"a\", \"hostPath\": {\"path\": \"/\"}}]"),
        (SERVER, "/spec/template/spec/volumes", "[{\"name\": \"a\", \"emptyDir\": {}}]"),
        (WORKER, "/spec/template/spec/volumes", "[{\"name\": \"a\", \"projected\": {\"sources\": [{\"serviceAccountToken\": {\"path\": \"token\"}}]}}]"),
        (SERVER, "/spec/template/spec/hostNetwork", "true"),
        (SERVER, "/spec/template/spec/containers/0/ports/0/hostPort", "80"),
    ],
    no_token: [
        ("ServiceAccount/a-api", "/automountServiceAccountToken", ""),
        (WORKER, "/spec/template/spec/automountServiceAccountToken", "true"),
    ],
    own_account: [
        (WORKER, "/spec/template/spec/serviceAccountName", "\"a-api\""),
        (SERVER, "/spec/template/spec/serviceAccountName", ""),
    ],
    pod_security_restricted: [
        ("Namespace/message-board", "/metadata/labels/pod-security.kubernetes.io~1enforce", "\"baseline\""),
        ("Namespace/message-board", "/metadata/labels/pod-security.kubernetes.io~1enforce-version", "\"latest\""),
        ("Namespace/message-board", "/metadata/labels/pod-security.kubernetes.io~1warn-version", "\"v1.30\""),
    ],
    signatures_are_asked_for: [
        ("Namespace/message-board", "/metadata/labels/policy.sigstore.dev~1include", "\"false\""),
        ("Namespace/message-board", "/metadata/labels/policy.sigstore.dev~1include", ""),
    ],
    probes: [
        (SERVER, "/spec/template/spec/containers/0/readinessProbe", ""),
        (SERVER, "/spec/template/spec/containers/0/livenessProbe/httpGet/path", "\"/readyz\""),
    ],
    stops_in_order: [
        (SERVER, "/spec/template/spec/containers/0/lifecycle", ""),
        (SERVER, "/spec/template/spec/terminationGracePeriodSeconds", "5"),
        (SERVER, "/spec/strategy/rollingUpdate/maxUnavailable", "1"),
    ],
    budget_can_be_met: [
        ("PodDisruptionBudget/a-api", "/spec/maxUnavailable", "0"),
        ("PodDisruptionBudget/a-api", "/spec/minAvailable", "2"),
        ("PodDisruptionBudget/a-api", "/spec/unhealthyPodEvictionPolicy", ""),
        ("PodDisruptionBudget/a-api", "/spec/selector/matchLabels/app.kubernetes.io~1name", "\"other\""),
    ],
    spread: [
        (SERVER, "/spec/template/spec/topologySpreadConstraints", ""),
        (SERVER, "/spec/template/spec/topologySpreadConstraints/0/topologyKey", "\"kubernetes.io/os\""),
        (SERVER, "/spec/template/spec/topologySpreadConstraints/1/labelSelector/matchLabels/app.kubernetes.io~1name", "\"other\""),
    ],
    denied_by_default: [
        ("NetworkPolicy/default-deny", "/spec/policyTypes", "[\"Ingress\"]"),
        ("NetworkPolicy/default-deny", "/spec/podSelector", "{\"matchLabels\": {\"a\": \"b\"}}"),
        ("NetworkPolicy/a-api", "/spec/ingress/0/from", ""),
        ("NetworkPolicy/a-api", "/spec/ingress/0/from", "[]"),
        ("NetworkPolicy/a-api", "/spec/ingress/0/from", "[{\"ipBlock\": {\"cidr\": \"0.0.0.0/0\"}}]"),
        ("NetworkPolicy/dns", "/spec/egress/0/to", ""),
        ("NetworkPolicy/dns", "/spec/egress/0/to", "[]"),
        ("NetworkPolicy/a-worker", "/spec/egress", "[{}]"),
        ("NetworkPolicy/a-worker", "/spec/egress", "[{\"to\": [{\"ipBlock\": {\"cidr\": \"0.0.0.0/0\"}}]}]"),
    ],
};

/// What breaks a rule, one line for each fault.
pub(crate) fn broken(objects: &[Object]) -> Vec<String> {
    let faults = RULES.iter().flat_map(|rule| {
        let faults = (rule.faults)(objects).into_iter();
        faults.map(move |fault| format!("{}: {fault}", rule.name))
    });
    faults.collect()
}

/// All objects of each environment, on AWS and in the e2e.
fn clusters() -> Vec<(String, Vec<Object>)> {
    let both = |name| {
        let local = applications().flat_map(|app| local_overlay(app, name).to_vec());
        [
            (name.to_owned(), environment(name)),
            (format!("the e2e's {name}"), local.collect()),
        ]
    };
    environments().flat_map(both).collect()
}

// wing: generators
fn break_it(objects: &mut [Object], id: &str, pointer: &str, json: &str) {
    let object = objects.iter_mut().find(|object| object.id() == id);
    let object = object.unwrap_or_else(|| panic!("no {id}"));
    let (parent, key) = pointer.rsplit_once('/').expect("a JSON pointer");
    let parent = object
        .0
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{id} has no {parent}"));
    let fields = parent.as_object_mut().expect("a field of an object is set");
    let key = key.replace("~1", "/");
    if json.is_empty() {
        fields
            .remove(&key)
            .unwrap_or_else(|| panic!("{id} has no {pointer}"));
    } else {
        let json = json.replace(OUR_REGISTRY, registry());
        fields.insert(key, serde_json::from_str(&json).expect("JSON"));
    }
}
// end of wing

#[test]
fn every_rule_is_kept_everywhere() {
    for (cluster, objects) in clusters() {
        let starting = objects.iter().filter(|object| object.template().is_some());
        assert_eq!(
            starting.count(),
            workloads::each(),
            "apps and migrations on {cluster}"
        );
        let faults = broken(&objects);
        assert!(faults.is_empty(), "{cluster}:\n{}", faults.join("\n"));
    }
}

// wing: generators
/// In a checkout that has the apps of `generated.rs`, which are named here.
#[test]
fn every_rule_is_broken_by_its_broken_manifests() {
    if !is_generated() || PROJECT.app("a-api").is_err() {
        return;
    }
    for rule in RULES {
        for (id, pointer, json) in rule.broken {
            let mut objects = environment(first());
            break_it(&mut objects, id, pointer, json);
            let faults = (rule.faults)(&objects);
            assert!(
                !faults.is_empty(),
                "{}: nobody minds {pointer} = `{json}`",
                rule.name
            );
        }
    }
}
// end of wing

// wing: security
#[test]
fn the_page_on_security_lists_these_rules() {
    use std::collections::BTreeSet;

    let here: BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
    let listed = xtask::security::CLAIMS
        .iter()
        .filter(|claim| claim.file == "xtask/tests/manifests/faults.rs");
    assert_eq!(listed.map(|claim| claim.check).collect::<BTreeSet<_>>(), here);
}
// end of wing
