//! How the Argo CD of a hub gets into its targets: by a role of the hub, from there by one of the
//! target, and by what the target says this one is.

use cloud::template::Template;
use serde_json::json;

/// The service accounts of the programs of Argo CD that talk to clusters.
pub(super) const ACCOUNTS: [&str; 3] = [
    "system:serviceaccount:argocd:argocd-application-controller",
    "system:serviceaccount:argocd:argocd-applicationset-controller",
    "system:serviceaccount:argocd:argocd-server",
];
/// The parameters that name targets.
const TARGETS: [&str; 2] = ["Target", "OtherTarget"];

/// Whether a role is one that the hub takes on in a target.
pub(super) fn is_of_a_target(role: &str) -> bool {
    TARGETS.iter().any(|target| role == format!("{target}Role"))
}

#[test]
fn a_target_trusts_the_hubs_argo_cd_alone() {
    let (hub, cluster) = (Template::read("hub").unwrap(), Template::read("cluster").unwrap());
    let argo_cd = &hub.value["Resources"]["HubArgoCdRole"]["Properties"];
    let fill = |text: &serde_json::Value| hub.fill(text.as_str().unwrap(), &[]).unwrap();
    let arn = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/";
    for target in TARGETS {
        let role = &cluster.value["Resources"][format!("{target}Role")]["Properties"];
        let statements = role["AssumeRolePolicyDocument"]["Statement"].as_array().unwrap();
        let [statement] = statements.as_slice() else {
            panic!("{target} has {statements:?}");
        };
        assert_eq!(statement["Action"], "sts:AssumeRole");
        let trusted = fill(&statement["Principal"]["AWS"]);
        assert_eq!(
            trusted,
            fill(&json!(format!("{arn}{}", argo_cd["RoleName"].as_str().unwrap())))
        );
        // It may do nothing in AWS, and the cluster knows it by the entry.
        assert!(role["Policies"].is_null() && role["ManagedPolicyArns"].is_null());
        let entry = &cluster.value["Resources"][format!("{target}Entry")]["Properties"];
        assert_eq!(entry["ClusterName"], target);
        assert_eq!(
            entry["PrincipalArn"],
            format!("{arn}{}", role["RoleName"].as_str().unwrap())
        );
        assert_eq!(entry["AccessPolicies"], json!(null));
    }
}

#[test]
fn the_hubs_argo_cd_may_take_on_the_roles_of_targets_alone() {
    let (hub, cluster) = (Template::read("hub").unwrap(), Template::read("cluster").unwrap());
    let policies = hub.value["Resources"]["HubArgoCdRole"]["Properties"]["Policies"].clone();
    let statements: Vec<_> = policies
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap())
        .collect();
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    let policy: serde_json::Value =
        serde_json::from_str(&hub.fill(&policy.to_string(), &[]).unwrap()).unwrap();
    let arn = |name: &str| {
        let arn = format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}");
        cluster
            .fill(
                &arn,
                &[
                    ("Target", "blue"),
                    ("OtherTarget", "green"),
                    ("Environment", "production"),
                ],
            )
            .unwrap()
    };
    let may = |action: &str, name: &str| iam::policy::allows(&policy, action, &arn(name)).unwrap();
    for target in TARGETS {
        let role = &cluster.value["Resources"][format!("{target}Role")]["Properties"]["RoleName"];
        assert!(may("sts:AssumeRole", role.as_str().unwrap()), "{role}");
    }
    for other in [
        "backend-production",
        "argo-cd-production",
        "gitops-loop-hub-argo-cd",
    ] {
        assert!(!may("sts:AssumeRole", other), "{other}");
    }
    assert!(!may("sts:TagSession", "argo-cd-hub-blue"));
}
