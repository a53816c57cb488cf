//! What runs, and what it may do.

use serde_json::{Value, json};

use super::{Risk, risk};
use crate::diff::change::{Change, short, text};

/// What Kubernetes refuses to change, by kind.
const IMMUTABLE: &[(&str, &[&str])] = &[
    ("Deployment", &["/spec/selector"]),
    ("DaemonSet", &["/spec/selector"]),
    ("ReplicaSet", &["/spec/selector"]),
    (
        "StatefulSet",
        &[
            "/spec/selector",
            "/spec/serviceName",
            "/spec/podManagementPolicy",
            "/spec/volumeClaimTemplates",
        ],
    ),
    (
        "Job",
        &["/spec/selector", "/spec/template", "/spec/completionMode"],
    ),
    ("Service", &["/spec/clusterIP"]),
    (
        "PersistentVolumeClaim",
        &[
            "/spec/storageClassName",
            "/spec/accessModes",
            "/spec/volumeName",
            "/spec/volumeMode",
        ],
    ),
    ("RoleBinding", &["/roleRef"]),
    ("ClusterRoleBinding", &["/roleRef"]),
    ("StorageClass", &["/provisioner", "/parameters", "/reclaimPolicy"]),
];

pub(super) fn immutable(change: &Change<'_>, risks: &mut Vec<Risk>) {
    // A hook is deleted and made anew.
    let is_hook = !change.annotation("argocd.argoproj.io/hook").new.is_null();
    if !change.stays() || is_hook {
        return;
    }
    let fields = IMMUTABLE.iter().find(|(kind, _)| *kind == change.kind());
    let mut fields = fields.map_or(Vec::new(), |(_, fields)| fields.to_vec());
    if *change.part("/immutable").old == true {
        fields.extend(["/data", "/stringData", "/binaryData"]);
    }
    for field in fields {
        if change.part(field).differs() {
            risks.push(risk(
                format!("changes `{}`", field[1..].replace('/', ".")),
                "Kubernetes refuses it: the object has to be deleted and made anew",
            ));
        }
    }
}

pub(super) fn images(change: &Change<'_>, risks: &mut Vec<Risk>) {
    for (name, container) in change.pod().containers() {
        let image = container.part("/image");
        let (old, new) = (text(image.old, ""), text(image.new, ""));
        if old == new || container.new.is_null() {
            continue;
        }
        if !new.contains("@sha256:") {
            risks.push(risk(
                format!("container {name} runs `{new}`, without a digest"),
                "the tag can come to mean other code",
            ));
        }
        if !old.is_empty() && repository(old) != repository(new) {
            risks.push(risk(
                format!("container {name} runs an image of `{}`", repository(new)),
                "somebody else may push there",
            ));
        }
    }
}

/// An image without tag and digest.
fn repository(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

/// What a container should not lose.
const KEPT: &[(&str, &str, &str)] = &[
    (
        "/startupProbe",
        "startup probe",
        "a slow start is taken for a failure",
    ),
    (
        "/livenessProbe",
        "liveness probe",
        "a pod that hangs is not restarted",
    ),
    (
        "/readinessProbe",
        "readiness probe",
        "a pod that cannot serve gets requests",
    ),
    (
        "/lifecycle/preStop",
        "preStop hook",
        "requests still come when it has stopped",
    ),
    (
        "/resources/requests/cpu",
        "CPU request",
        "it is placed where there may be none",
    ),
    (
        "/resources/requests/memory",
        "memory request",
        "it is among the first to be evicted",
    ),
    (
        "/resources/limits/cpu",
        "CPU limit",
        "it may take its neighbours' share",
    ),
    (
        "/resources/limits/memory",
        "memory limit",
        "it may take all of the node's",
    ),
];

pub(super) fn lost(change: &Change<'_>, risks: &mut Vec<Risk>) {
    for (name, container) in change.pod().containers() {
        if !container.stays() {
            continue;
        }
        for (pointer, what, why) in KEPT {
            if container.part(pointer).is_lost() {
                risks.push(risk(format!("container {name} loses its {what}"), why));
            }
        }
    }
}

/// What keeps a container in its place; the value that it should have.
fn hardened() -> [(&'static str, Value, &'static str); 5] {
    [
        (
            "runAsNonRoot",
            json!(true),
            "who breaks out may be root on the node",
        ),
        (
            "seccompProfile",
            json!({"type": "RuntimeDefault"}),
            "it may use rare system calls",
        ),
        (
            "readOnlyRootFilesystem",
            json!(true),
            "something can be put beside the program",
        ),
        (
            "allowPrivilegeEscalation",
            json!(false),
            "a process may get more rights than it began with",
        ),
        (
            "capabilities",
            json!({"drop": ["ALL"]}),
            "it may do what only root may",
        ),
    ]
}

pub(super) fn hardening(change: &Change<'_>, risks: &mut Vec<Risk>) {
    let pod = change.pod();
    if pod.new.is_null() {
        return;
    }
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        let part = pod.part("/spec").field(field);
        if part.differs() && *part.new == true {
            risks.push(risk(
                format!("gets {field}"),
                "it sees and reaches what belongs to the node",
            ));
        }
    }
    let staying = pod
        .containers()
        .into_iter()
        .filter(|(_, container)| container.stays());
    let contexts =
        staying.map(|(name, container)| (format!("container {name}"), container.part("/securityContext")));
    let contexts = contexts.chain([("its pods".to_owned(), pod.part("/spec/securityContext"))]);
    for (who, context) in contexts {
        let privileged = context.field("privileged");
        if privileged.differs() && *privileged.new == true {
            risks.push(risk(
                format!("{who}: privileged"),
                "it may do all that the node may",
            ));
        }
        for (field, right, why) in hardened() {
            let part = context.field(field);
            if *part.old == right && *part.new != right {
                risks.push(risk(format!("{who}: {field} is {}", part.new), why));
            }
        }
    }
}

pub(super) fn volumes(change: &Change<'_>, risks: &mut Vec<Risk>) {
    let pod = change.pod();
    for (name, volume) in pod.named(&["/spec/volumes"]) {
        if volume.differs() && !volume.part("/hostPath").new.is_null() {
            risks.push(risk(
                format!(
                    "mounts `{}` of the node as {name}",
                    text(volume.new, "/hostPath/path")
                ),
                "who takes over the pod takes over the node",
            ));
        }
        if change.is_deleted() || volume.old.is_null() || !volume.differs() {
            continue;
        }
        let what = if volume.new.is_null() { "loses" } else { "replaces" };
        risks.push(risk(
            format!("{what} the volume {name}"),
            "what was written to it is not there any more",
        ));
    }
}

/// From the least to the most that a namespace demands of pods.
const PROFILES: [&str; 3] = ["privileged", "baseline", "restricted"];

pub(super) fn namespace(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if change.kind() != "Namespace" || change.is_deleted() {
        return;
    }
    let enforced = change
        .part("/metadata/labels")
        .field("pod-security.kubernetes.io/enforce");
    let rank = |side: &Value| PROFILES.iter().position(|profile| side == profile).unwrap_or(0);
    if change.old.is_null() && enforced.new.is_null() {
        risks.push(risk("enforces no Pod Security", "pods in it may be anything"));
    } else if rank(enforced.new) < rank(enforced.old) {
        risks.push(risk(
            format!("enforces Pod Security `{}`", short(enforced.new)),
            "pods that were refused are admitted",
        ));
    }
}
