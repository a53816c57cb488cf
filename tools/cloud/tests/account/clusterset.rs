//! The controller of the hub on moto's EKS: what it sees, page by page, and that its role may do
//! exactly what it does.

use std::collections::BTreeSet;

use cloud::emulator::Emulator;
use cloud::recorder::Recorder;
use cloud::template::Template;
use cloud::tools;
use serde_json::Value;

const CLUSTERS: [(&str, &str); 3] = [
    (
        "blue",
        "gitops-loop/target=true,gitops-loop/environment=production",
    ),
    ("Green_1", "gitops-loop/target=false"),
    ("other", "team=a"),
];

fn make(emulator: &Emulator, name: &str, tags: &str) {
    let account = &emulator.account;
    let role = format!("arn:aws:iam::{}:role/cluster", account.id);
    let create = ["eks", "create-cluster", "--name", name, "--role-arn", &role];
    let network = [
        "--resources-vpc-config",
        "subnetIds=subnet-1,subnet-2",
        "--tags",
        tags,
    ];
    emulator.ask(&[&create[..], &network[..]].concat()).unwrap();
}

/// What it prints of the EKS at `endpoint`, and whether it is content.
fn observe(emulator: &Emulator, endpoint: &str, page: &str) -> (Value, String) {
    let home = tempfile::tempdir().unwrap();
    let mut clusterset = tools::clusterset(endpoint, home.path()).unwrap();
    let output = clusterset
        .args(["observe", "--eks-page-size", page])
        .env("AWS_REGION", &emulator.account.region)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // Its log is JSON too, one line each, behind what it prints.
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let seen = values.next().unwrap().unwrap();
    let log: Vec<_> = values.map(|line| line.unwrap().to_string()).collect();
    assert_eq!(output.status.success(), log.is_empty(), "{text}");
    (seen, log.concat())
}

#[test]
fn clusters_and_tags_are_seen_page_by_page_with_exactly_the_rights_of_the_role() {
    let emulator = Emulator::moto().unwrap();
    for (name, tags) in CLUSTERS {
        make(&emulator, name, tags);
    }
    let recorder = Recorder::of_clusters(&emulator.endpoint).unwrap();
    // A page for each, so that a second page which is lost would be missed here.
    let (seen, _) = observe(&emulator, &recorder.endpoint, "1");
    let names: BTreeSet<_> = seen["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, CLUSTERS.map(|(name, _)| name).into());
    let blue = seen["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "blue")
        .unwrap();
    assert_eq!(blue["tags"]["gitops-loop/environment"], "production");
    assert_eq!(blue["status"], "ACTIVE");
    assert_eq!(blue["arn"], emulator.account.arn("eks", "cluster/blue"));
    assert_eq!(seen["doubts"], serde_json::json!([]));
    let done: BTreeSet<_> = recorder.take().into_iter().map(|(action, _)| action).collect();
    assert_eq!(done, allowed());
}

/// The actions of its role.
fn allowed() -> BTreeSet<String> {
    let template = Template::read("hub").unwrap();
    let role = template.resources("AWS::IAM::Role")["ClusterSetRole"].clone();
    let policies = role["Properties"]["Policies"].as_array().unwrap();
    let statements = policies
        .iter()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
    let actions = statements.map(|statement| {
        assert_eq!(statement["Effect"], "Allow");
        statement["Action"].as_str().unwrap().to_owned()
    });
    actions.collect()
}

#[test]
fn an_eks_that_does_not_answer_is_a_doubt_and_not_an_empty_list() {
    let emulator = Emulator::moto().unwrap();
    let nobody = "http://127.0.0.1:9";
    let (seen, log) = observe(&emulator, nobody, "100");
    assert!(
        seen["doubts"][0]
            .as_str()
            .unwrap()
            .starts_with("list the clusters of EKS"),
        "{seen}"
    );
    assert!(log.contains("stopped by an error"), "{log}");
}
