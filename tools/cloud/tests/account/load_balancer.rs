//! What the controller of load balancers may do: nothing here runs it, so this judges the policy's
//! text.

use std::collections::BTreeMap;

use cloud::template::Template;
use serde_json::Value;

use crate::actions::actions_of;

const CLUSTER: &str = "${Project}-${Environment}";
const TRAFFIC: &str = "aws:ResourceTag/aws:cloudformation:stack-name";
/// The marks of what belongs to a cluster, with whom they may name: the controller's own, that of
/// EKS, and that of the stack of groups which clusters share.
const MARKS: [(&str, &[&str]); 4] = [
    ("aws:RequestTag/elbv2.k8s.aws/cluster", &[CLUSTER]),
    ("aws:ResourceTag/elbv2.k8s.aws/cluster", &[CLUSTER]),
    (
        "aws:ResourceTag/aws:eks:cluster-name",
        // The last two are parameters.
        &[CLUSTER, "Target", "OtherTarget"],
    ),
    (TRAFFIC, &["${Project}-traffic-${Environment}"]),
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
        conditions.any(|(key, value)| {
            let one = std::slice::from_ref(value);
            let named = value.as_array().map_or(one, Vec::as_slice);
            let known = MARKS.iter().find(|(mark, _)| mark == key);
            known.is_some_and(|(_, names)| named.iter().all(|name| names.iter().any(|known| name == known)))
        })
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
fn of_what_the_stack_of_the_traffic_has_made_it_only_fills_the_groups() {
    let statements = statements();
    let mut of_traffic = statements
        .iter()
        .filter(|statement| statement["Condition"]["StringEquals"].get(TRAFFIC).is_some());
    let actions = of_traffic.next().map(actions_of).unwrap_or_default();
    let fills = ["DeregisterTargets", "RegisterTargets"].map(|verb| format!("elasticloadbalancing:{verb}"));
    assert_eq!(actions, fills);
    assert!(of_traffic.next().is_none());
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
