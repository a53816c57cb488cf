//! What the controller of load balancers may do: nothing here runs it, so this judges the policy's
//! text.

use std::collections::BTreeMap;

use cloud::template::Template;
use serde_json::Value;

use crate::actions::actions_of;

/// The marks of what belongs to a cluster: the controller's own, and that of EKS.
const MARKS: [&str; 3] = [
    "aws:RequestTag/elbv2.k8s.aws/cluster",
    "aws:ResourceTag/elbv2.k8s.aws/cluster",
    "aws:ResourceTag/aws:eks:cluster-name",
];
/// What changes something without a mark, and the end of the resource that it is limited to.
const UNMARKED: [(&str, &str); 2] = [
    ("ec2:CreateSecurityGroup", ":vpc/*"),
    (
        "iam:CreateServiceLinkedRole",
        "/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing",
    ),
];

fn statements() -> Vec<Value> {
    let template = Template::read("cluster").unwrap();
    let role = template.resources("AWS::IAM::Role")["LoadBalancerRole"].clone();
    let policy = &role["Properties"]["Policies"][0]["PolicyDocument"];
    policy["Statement"].as_array().unwrap().clone()
}

/// Whether it only looks.
fn looks(action: &str) -> bool {
    let (_, verb) = action.split_once(':').unwrap();
    verb.starts_with("Describe") || verb.starts_with("List")
}

/// What is allowed without a mark of the cluster, and on what.
fn unmarked(statements: &[Value]) -> Vec<(String, String)> {
    let cluster = |statement: &Value| {
        let conditions = statement["Condition"]["StringEquals"].as_object();
        let mut conditions = conditions.into_iter().flatten();
        conditions.any(|(key, value)| MARKS.contains(&key.as_str()) && *value == "${Project}-${Environment}")
    };
    let open = statements.iter().filter(|statement| !cluster(statement));
    open.flat_map(|statement| {
        let on = statement["Resource"].as_str().unwrap().to_owned();
        let changing = actions_of(statement).into_iter().filter(|action| !looks(action));
        changing.map(move |action| (action, on.clone()))
    })
    .collect()
}

#[test]
fn it_changes_only_what_is_marked_as_its_clusters() {
    let mut statements = statements();
    let expected = UNMARKED.map(|(action, end)| (action.to_owned(), end));
    let found = unmarked(&statements);
    for (action, on) in &found {
        let limited = expected
            .iter()
            .any(|(known, end)| known == action && on.ends_with(end));
        assert!(limited, "{action} on {on}");
    }
    assert_eq!(found.len(), expected.len());
    // Without its condition, each of the others is found.
    for index in 0..statements.len() {
        if let Some(condition) = statements[index].as_object_mut().unwrap().remove("Condition") {
            assert!(
                unmarked(&statements).len() > found.len(),
                "{:?}",
                statements[index]
            );
            statements[index]["Condition"] = condition;
        }
    }
}

#[test]
fn each_action_is_written_out_and_those_of_what_is_turned_off_are_missing() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for action in statements().iter().flat_map(actions_of) {
        assert!(!action.contains('*'), "{action}");
        *seen.entry(action).or_default() += 1;
    }
    for (action, count) in &seen {
        let (service, _) = action.split_once(':').unwrap();
        let known = ["acm", "ec2", "elasticloadbalancing", "iam"];
        assert!(known.contains(&service), "{action}");
        assert!(*count == 1 || !looks(action), "{action} is there {count} times");
    }
    for off in ["CapacityReservation", "IpPools", "WebAcl", "RouteTables"] {
        assert!(!seen.keys().any(|action| action.contains(off)), "{off}");
    }
}
