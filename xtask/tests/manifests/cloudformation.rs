//! What the manifests expect of AWS is what the template makes, and no more may be done than is
//! said here.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::object::{Object, find};
use crate::render::{ROOT, account_and_region, build, copy_folder, file, kustomize, overlay};
use crate::{PROJECT, environments, first, namespace};

/// The trust policy that a role has unless Pod Identity gives it out.
const BY_ISSUER: &str = "/Properties/AssumeRolePolicyDocument/Fn::If/2/Fn::Sub";
/// The component of an environment's platform where Pod Identity does.
const POD_IDENTITY: &str = "../../pod-identity";

fn template() -> Object {
    file("infra/aws/message-board.yaml").remove(0)
}

/// A text of the template with its parameters filled in.
fn filled(text: &str, environment: &str) -> String {
    text.replace("${Environment}", environment)
        .replace("${Namespace}", namespace())
}

/// The roles of the template: resource name, role name, the service account it trusts, the
/// policies.
fn roles(environment: &str) -> Vec<(String, Value, Object)> {
    let template = template();
    let resources = template
        .at("/Resources")
        .as_object()
        .expect("a template has resources")
        .clone();
    let roles = resources
        .into_values()
        .filter(|resource| resource["Type"] == "AWS::IAM::Role");
    roles
        .map(|role| {
            let role = Object(role);
            let trust = filled(role.text(BY_ISSUER), environment);
            let trust = serde_json::from_str(&trust).expect("the trust policy is JSON");
            (
                filled(role.text("/Properties/RoleName"), environment),
                trust,
                role,
            )
        })
        .collect()
}

/// Of this checkout's region.
fn partition() -> &'static str {
    taskkit::aws::partition::of_region(account_and_region().1).name
}

#[test]
fn the_table_is_the_one_the_backend_uses() {
    for environment in environments() {
        let table = filled(
            template().text("/Resources/Messages/Properties/TableName"),
            environment,
        );
        let deployment = find(overlay("backend", environment), "Deployment", "backend");
        let container = deployment
            .template()
            .expect("has a template")
            .containers()
            .remove(0);
        assert_eq!(container.env()["TABLE_NAME"], table);
    }
}

#[test]
fn productions_messages_cannot_be_lost_by_a_slip() {
    let template = template();
    let table = template.at("/Resources/Messages");
    assert_eq!(table["DeletionPolicy"], "RetainExceptOnCreate");
    assert_eq!(table["UpdateReplacePolicy"], "Retain");
    let production = json!(["IsProduction", true, false]);
    assert_eq!(table["Properties"]["DeletionProtectionEnabled"], production);
    assert_eq!(
        table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        production
    );
    // Elsewhere the last environment is taken for the protected one.
    assert_eq!(
        *template.at("/Conditions/IsProduction"),
        json!(["Environment", PROJECT.last().name()])
    );
}

#[test]
fn each_role_trusts_one_service_account_that_asks_for_it() {
    for environment in environments() {
        let roles = roles(environment);
        assert_eq!(roles.len(), 2);
        for (name, trust, _) in roles {
            let account = name
                .strip_suffix(&format!("-{environment}"))
                .expect("named after account and environment");
            let subject = format!("system:serviceaccount:{}:{account}", namespace());
            let of = |cluster: &str| {
                let provider = format!("oidc-provider/${{{cluster}}}");
                json!({
                    "Effect": "Allow",
                    "Principal": {"Federated": format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{provider}")},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringEquals": {
                        format!("${{{cluster}}}:aud"): "sts.amazonaws.com",
                        format!("${{{cluster}}}:sub"): subject,
                    }},
                })
            };
            let expected = json!([of("OidcProvider"), of("OtherOidcProvider")]);
            assert_eq!(trust["Statement"], expected, "{name}");
            let account = find(overlay("platform", environment), "ServiceAccount", account);
            let arn = format!("arn:{}:iam::{}:role/{name}", partition(), account_and_region().0);
            assert_eq!(account.annotation("eks.amazonaws.com/role-arn"), arn);
        }
    }
}

#[test]
fn pods_reach_the_agent_of_pod_identity_where_it_gives_the_roles_out() {
    let parameters = std::fs::read_to_string(ROOT.join("infra/aws/parameters.toml"));
    let parameters: toml::Table = parameters
        .expect("read the parameters")
        .parse()
        .expect("the parameters are TOML");
    for environment in environments() {
        let given = parameters.get(environment);
        let given = given.and_then(|given| given.get("PodIdentity"));
        let chosen = given.is_some_and(|given| given.as_str() == Some("yes"));
        let allowed = has_agent(overlay("platform", environment));
        assert_eq!(allowed, chosen, "{environment}: the parameter and the component");
    }
    let copy = tempfile::tempdir().expect("make a folder for a copy of infra/");
    copy_folder(&ROOT.join("infra"), copy.path());
    let folder = copy.path().join("platform/overlays").join(first());
    kustomize(&folder, &["edit", "add", "component", POD_IDENTITY]);
    let on = build(&folder).objects;
    let policy = find(&on, "NetworkPolicy", "pod-identity");
    let to = json!([{
        "to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}],
        "ports": [{"protocol": "TCP", "port": 80}],
    }]);
    assert_eq!(*policy.at("/spec/egress"), to);
    let theirs = find(&on, "NetworkPolicy", "aws");
    assert_eq!(policy.at("/spec/podSelector"), theirs.at("/spec/podSelector"));
}

fn has_agent(platform: &[Object]) -> bool {
    let mut policies = platform.iter().filter(|object| object.kind() == "NetworkPolicy");
    policies.any(|policy| policy.name() == "pod-identity")
}

#[test]
fn each_role_may_do_what_its_code_does_to_this_table_only() {
    let mut found = BTreeSet::new();
    for (name, _, role) in roles("staging") {
        assert!(role.at("/Properties/ManagedPolicyArns").is_null(), "{name}");
        for policy in role.list("/Properties/Policies") {
            for statement in policy["PolicyDocument"]["Statement"]
                .as_array()
                .expect("has statements")
            {
                assert_eq!(statement["Effect"], "Allow");
                let on = statement["Resource"].as_str().unwrap_or_default();
                let actions = match &statement["Action"] {
                    Value::Array(actions) => actions.clone(),
                    action => vec![action.clone()],
                };
                for action in actions {
                    found.insert(format!("{name} {} {on}", action.as_str().unwrap_or_default()));
                }
            }
        }
    }
    let expected = [
        "backend-migrate-staging dynamodb:DescribeTable Messages.Arn",
        "backend-migrate-staging dynamodb:GetItem Messages.Arn",
        "backend-migrate-staging dynamodb:Scan Messages.Arn",
        "backend-migrate-staging dynamodb:UpdateItem Messages.Arn",
        "backend-staging dynamodb:DeleteItem Messages.Arn",
        "backend-staging dynamodb:GetItem Messages.Arn",
        "backend-staging dynamodb:PutItem Messages.Arn",
        "backend-staging dynamodb:Query ${Messages.Arn}/index/newest",
        "backend-staging dynamodb:UpdateItem Messages.Arn",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}

#[test]
fn the_table_is_looked_for_in_the_region_of_the_registry() {
    for environment in environments() {
        let template = find(overlay("backend", environment), "Deployment", "backend")
            .template()
            .expect("has a template");
        assert_eq!(
            template.containers()[0].env()["AWS_REGION"],
            account_and_region().1
        );
    }
}
