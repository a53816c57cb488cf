//! What runs.

use super::{container, found, harmless, pod, risky};

#[test]
fn a_field_that_kubernetes_refuses_to_change() {
    for (kind, old, new, field) in [
        (
            "Deployment",
            "spec: {selector: {matchLabels: {a: b}}}",
            "spec: {selector: {matchLabels: {a: c}}}",
            "spec.selector",
        ),
        (
            "StatefulSet",
            "spec: {serviceName: a}",
            "spec: {serviceName: b}",
            "spec.serviceName",
        ),
        (
            "Job",
            "spec: {template: {metadata: {labels: {a: b}}}}",
            "spec: {template: {}}",
            "spec.template",
        ),
        (
            "PersistentVolumeClaim",
            "spec: {storageClassName: a}",
            "spec: {storageClassName: b}",
            "spec.storageClassName",
        ),
        (
            "RoleBinding",
            "roleRef: {name: a}",
            "roleRef: {name: b}",
            "roleRef",
        ),
        (
            "ConfigMap",
            "immutable: true, data: {a: b}",
            "immutable: true, data: {a: c}",
            "data",
        ),
    ] {
        let object = |fields| format!("{{kind: {kind}, metadata: {{name: a}}, {fields}}}");
        let expected = format!("{kind}/a: changes `{field}`");
        assert_eq!(found(&object(old), &object(new)), [expected]);
    }
    harmless("ConfigMap", &[("data: {a: b}", "data: {a: c}")]);
    harmless("Deployment", &[("spec: {replicas: 2}", "spec: {replicas: 3}")]);
    let hook = |image| {
        format!(
            "{{kind: Job, metadata: {{name: a, annotations: {{argocd.argoproj.io/hook: PreSync}}}}, {}}}",
            container(&format!("image: 'r/a@sha256:{image}'"))
        )
    };
    assert_eq!(
        found(&hook("1"), &hook("2")),
        [""; 0],
        "a hook is made anew each time"
    );
}

#[test]
fn an_image_that_is_not_fixed_or_of_somebody_else() {
    let image = |image: &str| container(&format!("image: '{image}'"));
    risky(
        "Deployment",
        &[(
            &image("r:5000/a@sha256:1"),
            &image("r:5000/a:v1"),
            "container c runs `r:5000/a:v1`, without a digest",
        )],
    );
    let object = |image: &str| {
        format!(
            "{{kind: CronJob, metadata: {{name: a}}, spec: {{jobTemplate: {{{}}}}}}}",
            container(&format!("image: '{image}'"))
        )
    };
    assert_eq!(
        found(&object("r:5000/a@sha256:1"), &object("s/a:v1@sha256:1")),
        ["CronJob/a: container c runs an image of `s/a`"]
    );
    let old = "{kind: Deployment, metadata: {name: a}}";
    let new = format!(
        "{{kind: Deployment, metadata: {{name: a}}, {}}}",
        image("busybox")
    );
    assert_eq!(
        found(old, &new),
        ["Deployment/a: container c runs `busybox`, without a digest"]
    );
    harmless(
        "Deployment",
        &[
            (&image("r/a@sha256:1"), &image("r/a@sha256:2")),
            (&image("r/a:v1@sha256:1"), &image("r/a:v2@sha256:2")),
        ],
    );
}

#[test]
fn a_container_that_loses_probes_limits_or_its_stop_in_order() {
    for (fields, what) in [
        ("startupProbe: {}", "startup probe"),
        ("livenessProbe: {}", "liveness probe"),
        ("readinessProbe: {}", "readiness probe"),
        ("lifecycle: {preStop: {}}", "preStop hook"),
        ("resources: {requests: {cpu: 1}}", "CPU request"),
        ("resources: {requests: {memory: 1Mi}}", "memory request"),
        ("resources: {limits: {cpu: 1}}", "CPU limit"),
        ("resources: {limits: {memory: 1Mi}}", "memory limit"),
    ] {
        let expected = format!("container c loses its {what}");
        risky(
            "Deployment",
            &[(&container(fields), &container("tty: true"), &expected)],
        );
    }
    let gone = pod("containers: [{name: d}]");
    harmless(
        "Deployment",
        &[(
            &container("livenessProbe: {periodSeconds: 1}"),
            &container("livenessProbe: {periodSeconds: 2}"),
        )],
    );
    let with = format!(
        "{{kind: Deployment, metadata: {{name: a}}, {}}}",
        container("livenessProbe: {}")
    );
    let without = format!("{{kind: Deployment, metadata: {{name: a}}, {gone}}}");
    assert_eq!(found(&with, &without), [""; 0], "it went as a whole");
}

#[test]
fn a_pod_that_is_less_confined() {
    let context = |fields: &str| container(&format!("securityContext: {{{fields}}}"));
    risky(
        "DaemonSet",
        &[
            (&pod("hostPID: false"), &pod("hostPID: true"), "gets hostPID"),
            (
                &context("a: b"),
                &context("a: b, privileged: true"),
                "container c: privileged",
            ),
            (
                &context("runAsNonRoot: true"),
                &context("runAsNonRoot: false"),
                "container c: runAsNonRoot is false",
            ),
            (
                &context("readOnlyRootFilesystem: true"),
                &context("a: b"),
                "container c: readOnlyRootFilesystem is null",
            ),
            (
                &context("allowPrivilegeEscalation: false"),
                &context("a: b"),
                "container c: allowPrivilegeEscalation is null",
            ),
            (
                &context("capabilities: {drop: [ALL]}"),
                &context("capabilities: {drop: [ALL], add: [KILL]}"),
                "container c: capabilities is {\"add\":[\"KILL\"],\"drop\":[\"ALL\"]}",
            ),
            (
                &pod("securityContext: {seccompProfile: {type: RuntimeDefault}}"),
                &pod("securityContext: {}"),
                "its pods: seccompProfile is null",
            ),
            (
                &pod("automountServiceAccountToken: false"),
                &pod("a: b"),
                "mounts a token of Kubernetes",
            ),
        ],
    );
    harmless(
        "DaemonSet",
        &[(&context("runAsUser: 1"), &context("runAsUser: 2"))],
    );
}

#[test]
fn a_volume_that_is_replaced() {
    let volumes = |volumes: &str| pod(&format!("volumes: [{volumes}]"));
    let claim = "{name: v, persistentVolumeClaim: {claimName: a}}";
    risky(
        "Deployment",
        &[(&volumes(claim), &volumes(""), "loses the volume v")],
    );
    let other = volumes("{name: v, emptyDir: {}}");
    let object = |fields: &str| format!("{{kind: Deployment, metadata: {{name: a}}, {fields}}}");
    assert_eq!(
        found(&object(&volumes(claim)), &object(&other)),
        ["Deployment/a: replaces the volume v"]
    );
    let host = volumes("{name: h, hostPath: {path: /etc}}");
    assert_eq!(
        found(&object(&pod("a: b")), &object(&host)),
        ["Deployment/a: mounts `/etc` of the node as h"]
    );
    harmless(
        "Deployment",
        &[(
            &volumes(&format!("{claim}, {{name: w, emptyDir: {{}}}}")),
            &volumes(&format!("{{name: w, emptyDir: {{}}}}, {claim}")),
        )],
    );
}

#[test]
fn fewer_pods_than_somebody_counts_on() {
    risky(
        "Deployment",
        &[
            ("spec: {replicas: 2}", "spec: {replicas: 0}", "has no replicas"),
            ("spec: {replicas: 2}", "spec: {replicas: 1}", "has one replica"),
            ("spec: {replicas: 2}", "spec: {}", "has one replica"),
            (
                "spec: {strategy: {type: RollingUpdate}}",
                "spec: {strategy: {type: Recreate}}",
                "is updated by Recreate",
            ),
            (
                "spec: {strategy: {rollingUpdate: {maxUnavailable: 0}}}",
                "spec: {strategy: {rollingUpdate: {maxUnavailable: 1}}}",
                "may lack pods in an update: maxUnavailable is 1",
            ),
        ],
    );
    risky(
        "PodDisruptionBudget",
        &[
            (
                "spec: {maxUnavailable: 1}",
                "spec: {maxUnavailable: 0}",
                "allows no disruption",
            ),
            (
                "spec: {minAvailable: 1}",
                "spec: {minAvailable: 100%}",
                "allows no disruption",
            ),
        ],
    );
    let (old, new) = [("b"), ("c")].map(|label| format!("{{kind: PodDisruptionBudget, metadata: {{name: a}}, spec: {{selector: {{matchLabels: {{a: {label}}}}}}}}}")).into();
    assert_eq!(found(&old, &new), ["PodDisruptionBudget/a: is for other pods"]);
    harmless("Deployment", &[("spec: {replicas: 3}", "spec: {replicas: 2}")]);
    harmless(
        "PodDisruptionBudget",
        &[("spec: {maxUnavailable: 1}", "spec: {maxUnavailable: 2}")],
    );
}

#[test]
fn a_namespace_that_admits_more() {
    let namespace = |label: &str| format!("{{kind: Namespace, metadata: {{name: a, labels: {{{label}}}}}}}");
    let profile = |profile: &str| namespace(&format!("pod-security.kubernetes.io/enforce: {profile}"));
    let lower = "Namespace/a: enforces Pod Security `baseline`";
    assert_eq!(found(&profile("restricted"), &profile("baseline")), [lower]);
    assert_eq!(found(&profile("baseline"), &profile("restricted")), [""; 0]);
    assert_eq!(found(&profile("baseline"), &namespace("a: b")).len(), 1);
    assert_eq!(
        found("", &namespace("a: b")),
        ["Namespace/a: enforces no Pod Security"]
    );
    assert_eq!(found("", &profile("restricted")), [""; 0]);
}
