//! What is wrong with manifests, rule by rule: one line for each fault, none where the rule is
//! kept.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::each::{each, each_container, each_pod, lacking};
use crate::namespace;
use crate::object::{Object, find, of_kind};
use crate::render::{minor_of_kubernetes, registry};
use crate::traffic::too_open;

fn servers(objects: &[Object]) -> Vec<Object> {
    let servers = objects.iter().filter(|object| object.is_server());
    servers.cloned().collect()
}

pub(crate) fn labels(objects: &[Object]) -> Vec<String> {
    let lacks = |object: &Object| {
        ["app.kubernetes.io/name", "app.kubernetes.io/part-of"]
            .into_iter()
            .find(|label| {
                let value = object.at("/metadata/labels").get(label);
                value.and_then(Value::as_str).is_none_or(str::is_empty)
            })
            .map(|label| format!("lacks the label {label}"))
    };
    [each(objects, lacks), each_pod(objects, lacks)].concat()
}

pub(crate) fn own_namespace(objects: &[Object]) -> Vec<String> {
    each(objects, |object| {
        let is = object.text("/metadata/namespace");
        let right = if object.kind() == "Namespace" {
            ""
        } else {
            namespace()
        };
        (is != right).then(|| format!("is in `{is}`"))
    })
}

pub(crate) fn image_by_digest(objects: &[Object]) -> Vec<String> {
    let registry = registry();
    each_container(objects, |container| {
        let image = container.text("/image");
        let digest = image.split_once("@sha256:").filter(|(name, digest)| {
            let app = container.text("/name");
            *name == format!("{registry}/{app}")
                && digest.len() == 64
                && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        digest.is_none().then(|| format!("runs {image}"))
    })
}

pub(crate) fn requests_and_limits(objects: &[Object]) -> Vec<String> {
    each_container(objects, |container| {
        lacking(
            container,
            &["requests/cpu", "requests/memory", "limits/cpu", "limits/memory"],
        )
    })
    .into_iter()
    .chain(limited_storage(objects))
    .collect()
}

/// Whose logs and temporary files cannot fill the node's disk.
pub(crate) fn limited_storage(objects: &[Object]) -> Vec<String> {
    each_container(objects, |container| {
        lacking(
            container,
            &["requests/ephemeral-storage", "limits/ephemeral-storage"],
        )
    })
}

/// What the restricted profile asks of a pod, and that no container takes it back.
fn pod_setting(objects: &[Object], pointer: &str, right: &Value) -> Vec<String> {
    let pods = each_pod(objects, |pod| {
        let is = pod.at(&format!("/spec/securityContext{pointer}"));
        (is != right).then(|| format!("{pointer} is {is}"))
    });
    let containers = each_container(objects, |container| {
        let is = container.at(&format!("/securityContext{pointer}"));
        (!is.is_null() && is != right).then(|| format!("{pointer} of a container is {is}"))
    });
    [pods, containers].concat()
}

pub(crate) fn not_root(objects: &[Object]) -> Vec<String> {
    let root = each_pod(objects, |pod| {
        let user = pod.at("/spec/securityContext/runAsUser");
        (user.as_u64().unwrap_or_default() == 0).then(|| format!("runs as {user}"))
    });
    let back = each_container(objects, |container| {
        let user = container.at("/securityContext/runAsUser");
        (!user.is_null()).then(|| format!("a container runs as {user}"))
    });
    [pod_setting(objects, "/runAsNonRoot", &json!(true)), root, back].concat()
}

pub(crate) fn read_only_root(objects: &[Object]) -> Vec<String> {
    each_container(objects, |container| {
        let is = container.at("/securityContext/readOnlyRootFilesystem");
        (*is != true).then(|| format!("readOnlyRootFilesystem is {is}"))
    })
}

pub(crate) fn no_capability(objects: &[Object]) -> Vec<String> {
    each_container(objects, |container| {
        let context = container.at("/securityContext");
        let right = context["capabilities"] == json!({"drop": ["ALL"]})
            && context["allowPrivilegeEscalation"] == false
            && context["privileged"] != true;
        (!right).then(|| format!("may take more: {context}"))
    })
}

pub(crate) fn seccomp(objects: &[Object]) -> Vec<String> {
    pod_setting(objects, "/seccompProfile", &json!({"type": "RuntimeDefault"}))
}

/// What may fill a volume: a claim, which is the cluster's, and a Secret, which lies in memory. All
/// else is a node's or is filled by somebody else.
const VOLUMES: [&str; 2] = ["persistentVolumeClaim", "secret"];

pub(crate) fn nothing_of_the_host(objects: &[Object]) -> Vec<String> {
    let pods = each_pod(objects, |pod| {
        let of_the_host = ["hostNetwork", "hostPID", "hostIPC"].into_iter();
        let field = of_the_host
            .map(str::to_owned)
            .find(|field| pod.at("/spec").get(field).is_some());
        let mut volumes = pod.list("/spec/volumes").iter();
        let volume = volumes.find(|volume| VOLUMES.iter().all(|source| volume.get(source).is_none()));
        let found = field.or_else(|| volume.map(|volume| format!("the volume {volume}")));
        found.map(|found| format!("has {found}"))
    });
    let ports = each_container(objects, |container| {
        let taken = container
            .list("/ports")
            .iter()
            .find(|port| port.get("hostPort").is_some());
        taken.map(|port| format!("takes a port of the host: {port}"))
    });
    [pods, ports].concat()
}

pub(crate) fn no_token(objects: &[Object]) -> Vec<String> {
    let accounts: Vec<_> = of_kind(objects, "ServiceAccount").into_iter().cloned().collect();
    let mounted = each(&accounts, |account| {
        let is = account.at("/automountServiceAccountToken");
        (*is != false).then(|| format!("automountServiceAccountToken is {is}"))
    });
    let back = each_pod(objects, |pod| {
        let is = pod.at("/spec/automountServiceAccountToken");
        (!is.is_null()).then(|| format!("automountServiceAccountToken of the pod is {is}"))
    });
    [mounted, back].concat()
}

pub(crate) fn own_account(objects: &[Object]) -> Vec<String> {
    let known: BTreeSet<_> = of_kind(objects, "ServiceAccount")
        .iter()
        .map(|account| account.name())
        .collect();
    each(objects, |object| {
        let pod = object.template()?;
        let account = pod.text("/spec/serviceAccountName");
        let right = account == object.name() && known.contains(account);
        (!right).then(|| format!("runs as the account `{account}`"))
    })
}

pub(crate) fn pod_security_restricted(objects: &[Object]) -> Vec<String> {
    let namespace = find(objects, "Namespace", namespace());
    let version = minor_of_kubernetes();
    let modes = ["enforce", "audit", "warn"].into_iter().filter(|mode| {
        let label = |name: String| {
            let value = &namespace.at("/metadata/labels")[format!("pod-security.kubernetes.io/{name}")];
            value.as_str().unwrap_or_default().to_owned()
        };
        label((*mode).to_owned()) != "restricted" || label(format!("{mode}-version")) != version
    });
    modes
        .map(|mode| {
            format!(
                "{}: {mode} is not `restricted` of {version}, the Kubernetes that runs",
                namespace.name()
            )
        })
        .collect()
}

pub(crate) fn signatures_are_asked_for(objects: &[Object]) -> Vec<String> {
    let namespace = find(objects, "Namespace", namespace());
    let asks = namespace.at("/metadata/labels")["policy.sigstore.dev/include"] == "true";
    let fault = format!(
        "{}: nobody looks at the signatures of its images",
        namespace.name()
    );
    (!asks).then_some(fault).into_iter().collect()
}

pub(crate) fn probes(objects: &[Object]) -> Vec<String> {
    each_container(&servers(objects), |container| {
        let expected = [
            ("startup", "/healthz"),
            ("liveness", "/healthz"),
            ("readiness", "/readyz"),
        ];
        let wrong = expected.into_iter().find(|(probe, path)| {
            let get = container.at(&format!("/{probe}Probe/httpGet"));
            *get != json!({"path": path, "port": "http"})
        });
        wrong.map(|(probe, path)| format!("its {probe} probe does not ask {path}"))
    })
}

pub(crate) fn stops_in_order(objects: &[Object]) -> Vec<String> {
    each(&servers(objects), |deployment| {
        if *deployment.at("/spec/strategy/rollingUpdate/maxUnavailable") != 0 {
            return Some("lets old pods go before new ones answer".to_owned());
        }
        let pod = deployment.template()?;
        let grace = pod
            .at("/spec/terminationGracePeriodSeconds")
            .as_u64()
            .unwrap_or(30);
        pod.containers().iter().find_map(|container| {
            let sleep = container
                .at("/lifecycle/preStop/sleep/seconds")
                .as_u64()
                .unwrap_or_default();
            (sleep < 2 || grace < sleep + 15)
                .then(|| format!("has {grace} s to stop, of which it sleeps {sleep} s"))
        })
    })
}

pub(crate) fn budget_can_be_met(objects: &[Object]) -> Vec<String> {
    let budgets = of_kind(objects, "PodDisruptionBudget");
    each(&servers(objects), |deployment| {
        let pod = deployment.template()?;
        let mine: Vec<_> = budgets
            .iter()
            .filter(|budget| budget.selects("/spec/selector/matchLabels", &pod))
            .collect();
        let [budget] = mine[..] else {
            return Some(format!("has {} budgets", mine.len()));
        };
        // Counted in what may go: a count of what must stay cannot be met with as few replicas.
        let right = *budget.at("/spec/maxUnavailable") == 1
            && budget.at("/spec/minAvailable").is_null()
            // Pods that are not ready would keep a node from being drained.
            && *budget.at("/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow";
        (!right).then(|| format!("its budget is {}", budget.at("/spec")))
    })
}

pub(crate) fn spread(objects: &[Object]) -> Vec<String> {
    each_pod(&servers(objects), |pod| {
        ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
            .into_iter()
            .find(|key| {
                !pod.list("/spec/topologySpreadConstraints")
                    .iter()
                    .any(|constraint| {
                        constraint["topologyKey"] == *key
                            && Object(constraint.clone()).selects("/labelSelector/matchLabels", pod)
                    })
            })
            .map(|key| format!("is not spread over {key}"))
    })
}

pub(crate) fn denied_by_default(objects: &[Object]) -> Vec<String> {
    let policies: Vec<_> = of_kind(objects, "NetworkPolicy").into_iter().cloned().collect();
    let all = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
    let mut faults = each(&policies, too_open);
    if !policies.iter().any(|policy| *policy.at("/spec") == all) {
        faults.push("no policy denies everything else".to_owned());
    }
    faults
}
