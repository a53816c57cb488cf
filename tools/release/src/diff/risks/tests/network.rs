//! Who reaches whom.

use super::{found, harmless, risky};

#[test]
fn a_service_that_leads_elsewhere() {
    risky(
        "Service",
        &[
            (
                "spec: {type: ClusterIP}",
                "spec: {type: LoadBalancer}",
                "is a LoadBalancer",
            ),
            (
                "spec: {ports: [{port: 80}, {port: 81}]}",
                "spec: {ports: [{port: 80, name: http}]}",
                "loses port 81",
            ),
        ],
    );
    let object =
        |selector| format!("{{kind: Service, metadata: {{name: a}}, spec: {{selector: {{a: {selector}}}}}}}");
    assert_eq!(
        found(&object("b"), &object("c")),
        ["Service/a: has another selector"]
    );
    harmless(
        "Service",
        &[(
            "spec: {ports: [{port: 80, targetPort: 1}]}",
            "spec: {ports: [{port: 80, targetPort: 2}]}",
        )],
    );
}

#[test]
fn a_policy_that_opens() {
    let from = |peers: &str| format!("spec: {{ingress: [{{from: [{peers}], ports: [{{port: 80}}]}}]}}");
    let to = |peers: &str| format!("spec: {{egress: [{{to: [{peers}]}}]}}");
    let frontend = "podSelector: {matchLabels: {app: frontend}}";
    risky(
        "NetworkPolicy",
        &[
            (
                &from(&format!("{{{frontend}}}")),
                &from(""),
                "opens ingress from everyone on port 80",
            ),
            (
                &from("{podSelector: {matchLabels: {a: b, c: d}}}"),
                &from("{podSelector: {matchLabels: {a: b}}}"),
                "opens ingress from `{\"podSelector\":{\"matchLabels\":{\"a\":\"b\"}}}` on port 80",
            ),
            (
                "spec: {ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}",
                "spec: {ingress: [{from: [{podSelector: {}}]}]}",
                "opens ingress from `{\"podSelector\":{}}` on every port",
            ),
            (
                &to("{ipBlock: {cidr: 10.0.0.0/16}}"),
                &to("{ipBlock: {cidr: 10.0.0.0/8}}"),
                "opens egress to `{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}` on every port",
            ),
            (
                &to("{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}"),
                &to("{ipBlock: {cidr: 0.0.0.0/0}}"),
                "opens egress to `{\"ipBlock\":{\"cidr\":\"0.0.0.0/0\"}}` on every port",
            ),
            (
                &to("{namespaceSelector: {matchLabels: {a: b}}, podSelector: {}}"),
                &to("{namespaceSelector: {}}"),
                "opens egress to `{\"namespaceSelector\":{}}` on every port",
            ),
            (
                "spec: {policyTypes: [Ingress, Egress]}",
                "spec: {policyTypes: [Ingress]}",
                "is no longer about egress",
            ),
        ],
    );
    let policy = |fields: &str| format!("{{kind: NetworkPolicy, metadata: {{name: a}}, {fields}}}");
    assert_eq!(
        found("", &policy(&to(""))),
        ["NetworkPolicy/a: opens egress to everyone on every port"]
    );
    assert_eq!(
        found("", &policy("spec: {policyTypes: [Ingress, Egress]}")),
        [""; 0],
        "it only denies"
    );
    assert_eq!(
        found(
            &policy("spec: {podSelector: {}}"),
            &policy("spec: {podSelector: {matchLabels: {a: b}}}")
        ),
        ["NetworkPolicy/a: is for other pods"]
    );
    assert_eq!(
        found(
            &policy(&to("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}")),
            &policy(&to("{ipBlock: {cidr: 10.2.0.0/16}}")),
        ),
        [""; 0],
        "apart from what is excepted"
    );
}
