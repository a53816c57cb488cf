//! The commands by which docs/AWS.md brings lost messages back, carried out as a person would.

use std::fs;

use cloud::emulator::Emulator;
use cloud::tools;
use serde_json::json;

use super::{PRODUCTION, ask};

const PARTS: &[&str] = &["message-board"];
const PAGE: &str = "docs/AWS.md";
const HEADING: &str = "\n## When messages are lost\n";
/// What the page calls the message of which it restores a copy.
const KEY: &str = r#"{"uuid": {"S": "ID"}}"#;

/// The examples of the page that are about AWS alone: another says which region, and one runs a
/// program of the checkout.
fn examples() -> Vec<String> {
    let page = fs::read_to_string(tools::root().join(PAGE)).unwrap();
    let (_, section) = page.split_once(HEADING).expect("the page has the section");
    let (section, _) = section.split_once("\n## ").unwrap_or((section, ""));
    let examples = section.split("```\n").skip(1).step_by(2);
    let others = ["export ", "cargo "];
    let examples = examples.filter(|example| !others.iter().any(|word| example.contains(word)));
    examples.map(str::to_owned).collect()
}

/// All of them, and a message that is lost once the table was restored: the emulator restores what
/// there is.
fn script() -> String {
    let lost = format!("aws dynamodb delete-item --table-name messages-production --key '{KEY}'\n");
    let mut script = "kubectl() { :; }\n".to_owned();
    for example in examples() {
        script.push_str(&example);
        if example.contains("restore-table-to-point-in-time") {
            script.push_str(&lost);
        }
    }
    assert!(script.contains(&lost), "{PAGE} restores nothing:\n{script}");
    script
}

#[test]
fn the_page_brings_a_table_back_under_its_name_and_the_stack_goes_on_with_it() {
    let emulator = Emulator::moto().unwrap();
    PRODUCTION.deploy(&emulator, PARTS);
    let of_table = |verb: &str, more: &[&str]| {
        let arguments = [&["dynamodb", verb, "--table-name", "messages-production"], more].concat();
        ask(&emulator, &arguments)
    };
    let item = json!({"uuid": {"S": "ID"}, "text": {"S": "kept"}});
    of_table("put-item", &["--item", &item.to_string()]);

    emulator.carry_out(&script()).unwrap();
    assert_eq!(of_table("get-item", &["--key", KEY])["Item"], item);
    let table = of_table("describe-table", &[])["Table"].clone();
    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(table["GlobalSecondaryIndexes"][0]["IndexName"], "newest");
    let arn = table["TableArn"].as_str().unwrap();
    let tags = ["dynamodb", "list-tags-of-resource", "--resource-arn", arn];
    let project = json!([{"Key": "Project", "Value": tools::project().name()}]);
    assert_eq!(ask(&emulator, &tags)["Tags"], project);
    let backups = of_table("describe-continuous-backups", &[]);
    let recovery = &backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"];
    assert_eq!(recovery["PointInTimeRecoveryStatus"], "ENABLED");
    for role in ["backend-production", "backend-migrate-production"] {
        let policies = ["iam", "list-role-policies", "--role-name", role];
        assert_eq!(
            ask(&emulator, &policies)["PolicyNames"],
            json!(["messages"]),
            "{role}"
        );
    }
    PRODUCTION.changes_nothing(&emulator, PARTS);
}
