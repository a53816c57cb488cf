//! What `destroy` keeps, the next deployment of the same project has again.

use cloud::emulator::Emulator;
use cloud::tools;
use serde_json::{Value, json};

use super::{PRODUCTION, ask, changes};
use crate::fake_aws::FakeAws;

const PARTS: &[&str] = &["message-board"];

fn of_table(emulator: &Emulator, verb: &str, more: &[&str]) -> Value {
    let arguments = [&["dynamodb", verb, "--table-name", "messages-production"], more].concat();
    ask(emulator, &arguments)
}

/// `MiniStack` takes a kept resource in again by the rule of AWS: only if its name needs no working
/// out.
#[test]
fn a_protected_table_comes_back_with_its_messages() {
    let emulator = Emulator::ministack().unwrap();
    PRODUCTION.deploy(&emulator, PARTS);
    let item = json!({"uuid": {"S": "1"}, "text": {"S": "kept"}});
    of_table(&emulator, "put-item", &["--item", &item.to_string()]);

    let said = PRODUCTION.destroy(&emulator, PARTS);
    assert!(said.contains("kept: table messages-production"), "{said}");
    // As DynamoDB restores a table.
    let off = "PointInTimeRecoveryEnabled=false";
    let recovery = ["--point-in-time-recovery-specification", off];
    of_table(&emulator, "update-continuous-backups", &recovery);
    of_table(&emulator, "update-table", &["--no-deletion-protection-enabled"]);
    let said = PRODUCTION.deploy(&emulator, PARTS);
    let imported = "import  Messages (AWS::DynamoDB::Table)";
    assert!(changes(&said).contains(&imported), "{said}");
    let key = json!({"uuid": {"S": "1"}});
    let got = of_table(&emulator, "get-item", &["--key", &key.to_string()]);
    assert_eq!(got["Item"], item);
    for guard in ["point-in-time recovery", "deletion protection"] {
        let told = format!("table messages-production had no {guard}, and has it now");
        assert!(said.contains(&told), "{said}");
    }
    let table = of_table(&emulator, "describe-table", &[]);
    assert_eq!(table["Table"]["DeletionProtectionEnabled"], true);
    let backups = of_table(&emulator, "describe-continuous-backups", &[]);
    let recovery = &backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"];
    assert_eq!(recovery["PointInTimeRecoveryStatus"], "ENABLED");
    PRODUCTION.changes_nothing(&emulator, PARTS);
}

/// AWS does not look at a table again as long as its template stays the same.
#[test]
fn a_table_that_has_lost_its_protection_gets_it_again_without_a_change_of_its_stack() {
    let aws = FakeAws::new(
        r#"*describe-stacks*) echo '{"Stacks": [{"StackName": "gitops-loop-message-board-production", "StackStatus": "CREATE_COMPLETE"}]}' ;;
*describe-change-set*) echo '{"Status": "FAILED", "StatusReason": "The submitted information didn'"'"'t contain changes."}' ;;
*describe-table*) echo '{"Table": {"DeletionProtectionEnabled": false}}' ;;
*describe-continuous-backups*) echo '{"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription":
  {"PointInTimeRecoveryStatus": "ENABLED"}}}' ;;"#,
    );
    let run = |verb: &str| {
        let only = ["production", "--only", "message-board"];
        let arguments = [&[verb][..], &only, &["--set=OidcProvider=oidc.eks/id/1"]].concat();
        aws.run(&arguments).unwrap()
    };
    let said = run("plan");
    assert!(said.contains("no change"), "{said}");
    assert!(
        said.contains("table messages-production has no deletion protection"),
        "{said}"
    );
    assert!(!aws.calls().contains("update-"), "a plan changes nothing");
    let said = run("deploy");
    assert!(said.contains("no change"), "{said}");
    let calls = aws.calls();
    let protected = "update-table --table-name messages-production --deletion-protection-enabled";
    assert!(calls.contains(protected), "{calls}");
    assert!(!calls.contains("update-continuous-backups"), "{calls}");
}

/// A deployment that would take in a table with this tag.
fn taking_in(key: &str, owner: &str) -> FakeAws {
    FakeAws::new(&format!(
        r#"*"describe-stacks --stack-name"*) if [ -e "$0.deleted" ]; then echo "Stack does not exist" >&2; exit 1; fi
  if [ -e "$0.made" ]; then status=CREATE_COMPLETE; else status=REVIEW_IN_PROGRESS; fi
  echo "{{\"Stacks\": [{{\"StackStatus\": \"$status\"}}]}}" ;;
*describe-stacks) echo '{{"Stacks": []}}' ;;
*delete-stack*) touch "$0.deleted" ;;
*execute-change-set*) touch "$0.made" ;;
*describe-change-set*) echo '{{"Status": "CREATE_COMPLETE", "Changes": [{{"ResourceChange": {{"Action": "Import",
  "LogicalResourceId": "Messages", "ResourceType": "AWS::DynamoDB::Table"}}}}]}}' ;;
*"describe-table --table-name messages-production"*) echo '{{"Table": {{"TableArn": "arn:table"}}}}' ;;
*"list-tags-of-resource --resource-arn arn:table"*) echo '{{"Tags": [{{"Key": "{key}", "Value": "{owner}"}}]}}' ;;"#
    ))
}

/// Copies of the template in one account call their tables alike.
#[test]
fn a_table_that_another_project_kept_is_not_taken_in() {
    let own = tools::project().name();
    let deploy = ["deploy", "production", "--only", "message-board"];
    let deploy = [&deploy[..], &["--set=OidcProvider=oidc.eks/id/1"]].concat();
    for (key, owner) in [("Project", own), ("Of", "other-board")] {
        let aws = taking_in(key, owner);
        aws.run(&deploy).unwrap();
        assert!(aws.calls().contains("execute-change-set"), "{key}: {owner}");
    }
    let aws = taking_in("Project", "other-board");
    let error = aws.run(&deploy).unwrap_err();
    let next = format!("--resource-arn arn:table --tags Key=Project,Value={own}");
    for words in ["messages-production", "of other-board", &next] {
        assert!(error.contains(words), "{words}: {error}");
    }
    let calls = aws.calls();
    assert!(!calls.contains("execute-change-set"), "{calls}");
    assert!(calls.contains("delete-stack"), "an empty stack is left: {calls}");
}
