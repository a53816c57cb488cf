//! What is removed with an environment, and what stays.

use crate::fake_aws::FakeAws;

#[test]
fn destroy_wants_the_environments_name_twice() {
    let aws = FakeAws::new("");
    let other = cloud::tools::project().first().to_string();
    for arguments in [
        &["destroy", "production"][..],
        &["destroy", "production", "--yes", &other],
    ] {
        let error = aws.run(arguments).unwrap_err();
        assert!(error.contains("--yes production"), "{error}");
    }
    assert_eq!(aws.calls(), "", "AWS was not even asked");
}

#[test]
fn a_table_goes_with_its_environment_unless_it_is_protected() {
    for protected in [true, false] {
        let aws = FakeAws::new(&format!(
            r#"*"describe-stacks --stack-name"*) echo "Stack does not exist" >&2; exit 1 ;;
*describe-stacks*) echo '{{"Stacks": [{{"StackName": "gitops-loop-message-board-staging", "StackStatus": "CREATE_COMPLETE"}}]}}' ;;
*describe-stack-resources*) echo '{{"StackResources": [{{"ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": "messages-staging"}}]}}' ;;
*describe-table*) echo '{{"Table": {{"DeletionProtectionEnabled": {protected}}}}}' ;;"#
        ));
        aws.run(&["destroy", "staging", "--yes", "staging"]).unwrap();
        let calls = aws.calls();
        assert!(calls.contains("delete-stack"), "{calls}");
        assert_eq!(
            calls.contains("delete-table --table-name messages-staging"),
            !protected,
            "{calls}"
        );
    }
}

/// The template protects it, so somebody has taken that off, or has restored the table.
#[test]
fn a_table_of_the_last_environment_stays_also_unprotected() {
    let aws = FakeAws::new(
        r#"*"describe-stacks --stack-name"*) echo "Stack does not exist" >&2; exit 1 ;;
*describe-stacks*) echo '{"Stacks": [{"StackName": "gitops-loop-message-board-production", "StackStatus": "CREATE_COMPLETE"}]}' ;;
*describe-stack-resources*) echo '{"StackResources": [{"ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": "messages-production"}]}' ;;
*describe-table*) echo '{"Table": {"DeletionProtectionEnabled": false}}' ;;"#,
    );
    let said = aws
        .run(&["destroy", "production", "--yes", "production"])
        .unwrap();
    assert!(
        said.contains("left: table messages-production, which is not protected"),
        "{said}"
    );
    let calls = aws.calls();
    assert!(calls.contains("delete-stack"), "{calls}");
    assert!(!calls.contains("delete-table"), "{calls}");
}

#[test]
fn a_table_that_was_left_without_its_stack_is_named_and_stays() {
    let nobody = r#"echo "Stack for messages-staging does not exist" >&2; exit 254"#;
    let somebody = r#"echo '{"StackResources": [{"StackName": "other-message-board-staging"}]}'"#;
    for (owner, named) in [(nobody, true), (somebody, false)] {
        let aws = FakeAws::new(&format!(
            r#"*"describe-stack-resources --physical-resource-id messages-staging"*) {owner} ;;
*describe-stacks*) echo '{{"Stacks": []}}' ;;
*describe-table*) echo '{{"Table": {{"DeletionProtectionEnabled": false}}}}' ;;"#
        ));
        let destroy = ["destroy", "staging", "--yes", "staging"];
        let said = aws
            .run(&[&destroy[..], &["--only", "message-board"]].concat())
            .unwrap();
        assert_eq!(said.contains("left: table messages-staging"), named, "{said}");
        let calls = aws.calls();
        assert!(!calls.contains("delete-table"), "{calls}");
    }
}

#[test]
fn a_stack_whose_first_deployment_failed_holds_nothing_and_goes() {
    for (part, kind, name) in [
        ("artifacts", "AWS::S3::Bucket", "a-bucket-that-was-rolled-back"),
        ("message-board", "AWS::DynamoDB::Table", "messages-staging"),
    ] {
        let stack = if part == "artifacts" {
            "gitops-loop-artifacts".to_owned()
        } else {
            format!("gitops-loop-{part}-staging")
        };
        let aws = FakeAws::new(&format!(
            r#"*"describe-stacks --stack-name"*) echo "Stack does not exist" >&2; exit 1 ;;
*describe-stacks*) echo '{{"Stacks": [{{"StackName": "{stack}", "StackStatus": "ROLLBACK_COMPLETE"}}]}}' ;;
*"--physical-resource-id"*) echo "Stack does not exist" >&2; exit 254 ;;
*describe-stack-resources*) echo '{{"StackResources": [{{"ResourceType": "{kind}", "PhysicalResourceId": "{name}"}}]}}' ;;
*describe-table*) echo '{{"Table": {{"DeletionProtectionEnabled": false}}}}' ;;"#
        ));
        aws.run(&["destroy", "staging", "--yes", "staging", "--only", part])
            .unwrap();
        let calls = aws.calls();
        assert!(
            calls.contains(&format!("delete-stack --stack-name {stack}")),
            "{calls}"
        );
        assert!(
            !calls.contains("s3 rm") && !calls.contains("delete-table"),
            "{calls}"
        );
    }
}

#[test]
fn a_stack_that_cannot_be_removed_is_named_with_the_reason_and_what_to_run() {
    let aws = FakeAws::new(
        r#"*"describe-stacks --stack-name"*) echo '{"Stacks": [{"StackStatus": "DELETE_FAILED"}]}' ;;
*describe-stacks*) echo '{"Stacks": [{"StackName": "gitops-loop-cluster-staging", "StackStatus": "CREATE_COMPLETE"}]}' ;;
*describe-stack-events*) echo '{"StackEvents": [{"ResourceStatus": "DELETE_FAILED", "LogicalResourceId": "Shift", "ResourceStatusReason": "Cannot delete a policy attached to entities."}]}' ;;"#,
    );
    let error = aws
        .run(&["destroy", "staging", "--yes", "staging", "--only", "cluster"])
        .unwrap_err();
    for words in [
        "gitops-loop-cluster-staging",
        "DELETE_FAILED",
        "attached to entities",
        "run this again",
    ] {
        assert!(error.contains(words), "{error}");
    }
    assert!(!error.contains("deploy again"), "{error}");
}

#[test]
fn shared_stacks_stay_as_long_as_an_environment_uses_them() {
    let account = |names: &[&str]| {
        let stacks: Vec<_> = names
            .iter()
            .map(|name| format!(r#"{{"StackName": "{name}", "StackStatus": "CREATE_COMPLETE"}}"#))
            .collect();
        FakeAws::new(&format!(
            r#"*"describe-stacks --stack-name"*) echo "Stack does not exist" >&2; exit 1 ;;
*describe-stacks*) echo '{{"Stacks": [{}]}}' ;;"#,
            stacks.join(",")
        ))
    };
    let destroy = &["destroy", "staging", "--yes", "staging"];
    let both = account(&[
        "gitops-loop-registry",
        "gitops-loop-pipelines-staging",
        "gitops-loop-pipelines-production",
    ]);
    let said = both.run(destroy).unwrap();
    assert!(said.contains("stays: production uses it"), "{said}");
    assert_eq!(both.calls().matches("delete-stack").count(), 1);
    let last = account(&[
        "gitops-loop-registry",
        "gitops-loop-pipelines-staging",
        "gitops-loop-repository-verifier",
    ]);
    let said = last.run(destroy).unwrap();
    assert!(
        said.contains("delete-stack --stack-name gitops-loop-repository-verifier"),
        "{said}"
    );
    let calls = last.calls();
    assert_eq!(calls.matches("delete-stack").count(), 2);
    let at = |stack: &str| calls.find(&format!("delete-stack --stack-name {stack}")).unwrap();
    assert!(
        at("gitops-loop-pipelines-staging") < at("gitops-loop-registry"),
        "{calls}"
    );
}

#[test]
fn empty_stacks_of_the_other_environment_keep_nothing() {
    let account = |status: &str| {
        FakeAws::new(&format!(
            r#"*"describe-stacks --stack-name"*) echo "Stack does not exist" >&2; exit 1 ;;
*describe-stacks) echo '{{"Stacks": [{{"StackName": "gitops-loop-registry", "StackStatus": "CREATE_COMPLETE"}},
  {{"StackName": "gitops-loop-source", "StackStatus": "REVIEW_IN_PROGRESS"}},
  {{"StackName": "gitops-loop-cluster-staging", "StackStatus": "REVIEW_IN_PROGRESS"}},
  {{"StackName": "gitops-loop-pipelines-production", "StackStatus": "{status}"}},
  {{"StackName": "gitops-loop-cluster-production", "StackStatus": "REVIEW_IN_PROGRESS"}}]}}' ;;"#
        ))
    };
    let destroy = &["destroy", "staging", "--yes", "staging"];
    let aws = account("REVIEW_IN_PROGRESS");
    let said = aws.run(destroy).unwrap();
    let calls = aws.calls();
    for gone in ["registry", "source", "cluster-staging"] {
        let call = format!("delete-stack --stack-name gitops-loop-{gone}");
        assert!(calls.contains(&call), "{gone}: {calls}");
    }
    assert!(
        !calls.contains("production") && !said.contains("stays"),
        "{said}{calls}"
    );
    for used in [
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
        "DELETE_FAILED",
    ] {
        let aws = account(used);
        let said = aws.run(destroy).unwrap();
        assert!(said.contains("stays: production uses it"), "{used}: {said}");
        assert!(
            !aws.calls()
                .contains("delete-stack --stack-name gitops-loop-registry")
        );
    }
}
