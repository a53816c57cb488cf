//! What would do harm, or cannot be, and that it is said by name with the next step, before
//! anything is changed.

use cloud::checkout::Checkout;

use crate::fake_aws::{CHANGE_SET, FakeAws, said, stacks};

const SET: &str = "--set=OidcProvider=oidc.eks/id/1";

/// The table's stack is there; what a change of it would do is `replacement`.
fn with_table(action: &str, replacement: &str) -> FakeAws {
    FakeAws::new(&format!(
        r#"*"describe-stacks --stack-name"*) echo '{{"Stacks": [{{"StackStatus": "UPDATE_COMPLETE"}}]}}' ;;
*describe-stacks*) echo '{{"Stacks": [{{"StackName": "gitops-loop-message-board-production", "StackStatus": "CREATE_COMPLETE"}}]}}' ;;
*describe-change-set*) echo '{{"Status": "CREATE_COMPLETE", "Changes": [{{"ResourceChange": {{"Action": "{action}",
  "LogicalResourceId": "Messages", "ResourceType": "AWS::DynamoDB::Table", "Replacement": "{replacement}"}}}}]}}' ;;"#
    ))
}

const BOARD: &[&str] = &["deploy", "production", "--only", "message-board", SET];

#[test]
fn a_new_table_in_place_of_the_old_one_is_refused() {
    for (action, replacement) in [("Modify", "True"), ("Modify", "Conditional"), ("Remove", "")] {
        let aws = with_table(action, replacement);
        let error = aws.run(BOARD).unwrap_err();
        assert!(
            error.contains("Messages") && error.contains("--replace-table"),
            "{error}"
        );
        assert!(!aws.calls().contains("execute-change-set"));
        assert!(
            aws.calls().contains("delete-change-set"),
            "the refused change is dropped"
        );
    }
}

#[test]
fn a_new_table_is_made_when_that_is_asked_for() {
    let aws = with_table("Modify", "True");
    aws.run(&[BOARD, &["--replace-table"]].concat()).unwrap();
    assert!(aws.calls().contains("execute-change-set"));
}

#[test]
fn a_change_that_keeps_the_table_needs_no_flag() {
    let aws = with_table("Modify", "False");
    aws.run(BOARD).unwrap();
    assert!(aws.calls().contains("execute-change-set"));
}

#[test]
fn a_stack_that_never_came_up_is_removed_first() {
    let aws = FakeAws::new(
        r#"*"describe-stacks --stack-name"*) if [ -e "$0.deleted" ] && ! [ -e "$0.made" ]; then echo "Stack does not exist" >&2; exit 1; fi
  echo '{"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]}' ;;
*describe-stacks*) echo '{"Stacks": [{"StackName": "gitops-loop-registry", "StackStatus": "ROLLBACK_COMPLETE"}]}' ;;
*delete-stack*) touch "$0.deleted" ;;
*execute-change-set*) touch "$0.made" ;;
*describe-change-set*) echo '{"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": {"Action": "Add"}}]}' ;;"#,
    );
    let said = aws.run(&["plan", "staging", "--only", "registry"]).unwrap();
    assert!(said.contains("first deployment failed"), "{said}");
    assert!(!aws.calls().contains("delete-stack"), "a plan changes nothing");
    let said = aws.run(&["deploy", "staging", "--only", "registry"]).unwrap();
    assert!(
        said.contains("removing what a failed first deployment left"),
        "{said}"
    );
    let calls = aws.calls();
    let at = |what: &str| {
        calls
            .find(what)
            .unwrap_or_else(|| panic!("no {what} in\n{calls}"))
    };
    assert!(at("delete-stack") < at("--change-set-type CREATE"));
}

#[test]
fn a_stack_that_somebody_else_changes_is_left_alone() {
    let aws = FakeAws::new(
        r#"*describe-stacks*) echo '{"Stacks": [{"StackName": "gitops-loop-registry", "StackStatus": "UPDATE_IN_PROGRESS"}]}' ;;"#,
    );
    let error = aws.run(&["deploy", "staging", "--only", "registry"]).unwrap_err();
    assert!(error.contains("try again"), "{error}");
    assert!(!aws.calls().contains("create-change-set"));
}

#[test]
fn what_the_checks_of_a_change_set_find_is_told_before_it_goes() {
    let aws = FakeAws::new(
        r#"*describe-stacks*) echo '{"Stacks": []}' ;;
*describe-change-set*) echo '{"Status": "FAILED", "StatusReason": "Validation failed with 1 error(s). Call DescribeEvents"}' ;;
*describe-events*) echo '{"OperationEvents": [{"OperationId": "1", "LogicalResourceId": "Bucket", "ResourceType": "AWS::S3::Bucket",
  "ValidationStatus": "FAILED", "ValidationFailureMode": "FAIL", "ValidationStatusReason": "it is there already"}]}' ;;"#,
    );
    let error = aws
        .run(&["deploy", "staging", "--only", "artifacts"])
        .unwrap_err();
    assert!(
        error.contains("run this again: Bucket (AWS::S3::Bucket): it is there already"),
        "{error}"
    );
    let calls = aws.calls();
    assert!(!calls.contains("execute-change-set"));
    assert!(
        calls.find("describe-events") < calls.find("delete-change-set"),
        "{calls}"
    );
}

/// What AWS does with a change set of a new stack, as far as the answer of one call goes: the stack
/// waits from then on.
const WAITS: &str = r#"*"describe-stacks --stack-name"*) if [ -e "$0.deleted" ]; then echo "Stack does not exist" >&2; exit 1; fi
  echo '{"Stacks": [{"StackStatus": "REVIEW_IN_PROGRESS"}]}' ;;
*delete-stack*) touch "$0.deleted" ;;
*delete-change-set*) ;;"#;

#[test]
fn a_refused_plan_or_deployment_leaves_no_empty_stack() {
    for answer in [
        r#"*describe-change-set*) echo '{"Status": "FAILED", "StatusReason": "Template error: no"}' ;;"#,
        r"*describe-change-set*) echo 'An error occurred (AccessDenied) when calling the DescribeChangeSet operation: no' >&2; exit 254 ;;",
        r"*describe-change-set*) echo 'An error occurred (Throttling) when calling the DescribeChangeSet operation: no' >&2; exit 254 ;;",
        r"*describe-change-set*) echo 'not JSON' ;;",
    ] {
        for verb in ["plan", "deploy"] {
            let aws = FakeAws::new(&format!(
                "*describe-stacks) echo '{{\"Stacks\": []}}' ;;\n{WAITS}\n{answer}"
            ));
            aws.run(&[verb, "staging", "--only", "artifacts"]).unwrap_err();
            let calls = aws.calls();
            assert_eq!(calls.matches("delete-stack").count(), 1, "{answer}: {calls}");
        }
    }
}

#[test]
fn a_plan_removes_only_the_stack_that_it_made() {
    let works = r#"*describe-change-set*) echo '{"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": {"Action": "Add"}}]}' ;;"#;
    let refused =
        r#"*describe-change-set*) echo '{"Status": "FAILED", "StatusReason": "Template error: no"}' ;;"#;
    let nothing = r#"*describe-change-set*) echo '{"Status": "FAILED", "StatusReason": "No updates are to be performed"}' ;;"#;
    for status in [
        "REVIEW_IN_PROGRESS",
        "CREATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "",
    ] {
        let found = match status {
            "" => String::new(),
            status => format!(r#"{{"StackName": "gitops-loop-artifacts", "StackStatus": "{status}"}}"#),
        };
        for answer in [works, refused, nothing] {
            let aws = FakeAws::new(&format!(
                "*describe-stacks) echo '{{\"Stacks\": [{found}]}}' ;;\n{WAITS}\n{answer}"
            ));
            let _ = aws.run(&["plan", "staging", "--only", "artifacts"]);
            let calls = aws.calls();
            assert_eq!(
                calls.contains("delete-stack"),
                status.is_empty(),
                "{status} {answer}: {calls}"
            );
        }
    }
}

#[test]
fn a_stack_that_somebody_began_to_make_meanwhile_is_left_to_them() {
    let aws = FakeAws::new(
        r#"*"describe-stacks --stack-name"*) echo '{"Stacks": [{"StackStatus": "CREATE_IN_PROGRESS"}]}' ;;
*describe-stacks) echo '{"Stacks": []}' ;;
*describe-change-set*) echo '{"Status": "FAILED", "StatusReason": "Template error: no"}' ;;"#,
    );
    aws.run(&["plan", "staging", "--only", "artifacts"]).unwrap_err();
    assert!(!aws.calls().contains("delete-stack"), "{}", aws.calls());
}

#[test]
fn a_change_of_no_resource_is_carried_out_too() {
    let aws = FakeAws::new(
        r#"*"describe-stacks --stack-name"*) echo '{"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}' ;;
*describe-stacks*) echo '{"Stacks": [{"StackName": "gitops-loop-registry", "StackStatus": "CREATE_COMPLETE"}]}' ;;
*describe-change-set*) echo '{"Status": "CREATE_COMPLETE", "Changes": []}' ;;"#,
    );
    let said = aws.run(&["deploy", "staging", "--only", "registry"]).unwrap();
    assert!(!said.contains("no change"), "{said}");
    assert!(aws.calls().contains("execute-change-set"));
}

#[test]
fn what_is_carried_out_is_the_change_that_was_shown_and_no_other_of_its_name() {
    let aws = FakeAws::new(
        r#"*"describe-stacks --stack-name"*) echo '{"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}' ;;
*describe-stacks*) echo '{"Stacks": [{"StackName": "gitops-loop-registry", "StackStatus": "CREATE_COMPLETE"}]}' ;;
*describe-change-set*) echo '{"Status": "CREATE_COMPLETE", "Changes": []}' ;;"#,
    );
    for verb in ["plan", "deploy"] {
        aws.run(&[verb, "staging", "--only", "registry"]).unwrap();
    }
    let calls = aws.calls();
    for (verb, count) in [("describe", 2), ("delete", 1), ("execute", 1)] {
        let call =
            format!("{verb}-change-set --stack-name gitops-loop-registry --change-set-name {CHANGE_SET}");
        assert_eq!(calls.matches(&call).count(), count, "{call}: {calls}");
    }
    assert_eq!(calls.matches("--change-set-name").count(), 6, "{calls}");
}

#[test]
fn a_new_stack_without_resources_does_not_stay_and_wait() {
    for (status, goes) in [("REVIEW_IN_PROGRESS", true), ("CREATE_COMPLETE", false)] {
        let aws = FakeAws::new(&format!(
            r#"*"describe-stacks --stack-name"*) echo "Stack does not exist" >&2; exit 1 ;;
*describe-stacks*) echo '{{"Stacks": [{{"StackName": "gitops-loop-access", "StackStatus": "{status}"}}]}}' ;;
*describe-change-set*) echo '{{"Status": "FAILED", "StatusReason": "The submitted information didn'"'"'t contain changes"}}' ;;"#
        ));
        let said = aws.run(&["deploy", "staging", "--only", "access"]).unwrap();
        assert!(said.contains("no change"), "{said}");
        let calls = aws.calls();
        assert!(!calls.contains("execute-change-set"), "{calls}");
        assert_eq!(calls.contains("delete-stack"), goes, "{status}: {calls}");
    }
}

#[test]
fn a_missing_parameter_is_named_before_the_first_stack() {
    let aws = FakeAws::new(
        r#"*describe-change-set*) echo '{"Status": "FAILED", "StatusReason": "The submitted information didn'"'"'t contain changes"}' ;;"#,
    );
    // A fork that has a cluster names it in the file; nothing is as good as no name.
    let error = aws
        .run(&["deploy", "staging", "--set=OidcProvider="])
        .unwrap_err();
    assert!(
        error.contains("OidcProvider") && error.contains("[staging]"),
        "{error}"
    );
    assert!(!aws.calls().contains("create-change-set"));
    // Given, the same deployment goes to its first stack.
    aws.run(&["plan", "staging", "--only", "cluster", SET]).unwrap();
    assert!(aws.calls().contains("create-change-set"));
}

#[test]
fn a_parameter_that_no_template_has_is_refused() {
    let spoilt = Checkout::copy().unwrap();
    spoilt.edit("parameters.toml", "Layout =", "Layuot =").unwrap();
    let home = tempfile::tempdir().unwrap();
    let error = said(stacks(spoilt.root(), home.path()).args(["plan", "staging"])).unwrap_err();
    assert!(error.contains("`Layuot`"), "{error}");
}
