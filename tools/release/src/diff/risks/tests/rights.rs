//! Who may do what.

use super::{found, harmless, risky};

#[test]
fn a_role_that_allows_more() {
    let rules = |verbs: &str, resources: &str, more: &str| {
        format!("rules: [{{apiGroups: [apps], verbs: [{verbs}], resources: [{resources}]{more}}}]")
    };
    let get = rules("get", "deployments", "");
    risky(
        "ClusterRole",
        &[
            (
                &get,
                &rules("get, delete", "deployments", ""),
                "also allows delete deployments.apps",
            ),
            (&get, &rules("get", "'*'", ""), "also allows get *.apps"),
            (
                &rules("get", "deployments", ", resourceNames: [a]"),
                &get,
                "also allows get deployments.apps",
            ),
        ],
    );
    let role = format!("{{kind: Role, metadata: {{name: a}}, {get}}}");
    assert_eq!(found("", &role), ["Role/a: also allows get deployments.apps"]);
    let both = "rules: [{apiGroups: [''], verbs: [get, list], resources: [pods]}]";
    let apart = "rules: [{apiGroups: [''], verbs: [list], resources: [pods]}, {apiGroups: [''], verbs: [get], resources: [pods]}]";
    harmless("Role", &[(both, apart)]);
}

#[test]
fn somebody_who_gets_a_role() {
    risky(
        "RoleBinding",
        &[(
            "roleRef: {name: r}, subjects: []",
            "roleRef: {name: r}, subjects: [{kind: User, name: u}]",
            "gives the role r to User u",
        )],
    );
    let binding = "{kind: ClusterRoleBinding, metadata: {name: a}, roleRef: {name: r}, subjects: [{kind: Group, name: g}]}";
    assert_eq!(
        found("", binding),
        ["ClusterRoleBinding/a: gives the role r to Group g"]
    );
    let account = |role: &str| {
        format!(
            "{{kind: ServiceAccount, metadata: {{name: a, annotations: {{eks.amazonaws.com/role-arn: {role}}}}}}}"
        )
    };
    assert_eq!(
        found(&account("b"), &account("c")),
        ["ServiceAccount/a: gets the role c"]
    );
    risky(
        "ServiceAccount",
        &[(
            "automountServiceAccountToken: false",
            "automountServiceAccountToken: true",
            "mounts a token of Kubernetes",
        )],
    );
}
