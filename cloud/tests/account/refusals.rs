//! What goes wrong with an account, and that it is said by name with the next step, before anything is changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use cloud::emulator::Checkout;
use cloud::tools;

/// `aws` in place of the real one: answers each call by the first words that fit, and keeps all calls.
struct FakeAws {
    folder: tempfile::TempDir,
}

const IDENTITY: &str = r#"*get-caller-identity*) echo '{"Account": "000000000000", "Arn": "arn:x"}' ;;"#;

impl FakeAws {
    /// `cases` are those of a shell's `case "$*" in`.
    fn new(cases: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let calls = folder.path().join("calls");
        let program = folder.path().join("aws");
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> {}\ncase \"$*\" in\n{cases}\n{IDENTITY}\n*) echo '{{}}' ;;\nesac\n",
            calls.display()
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default()
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut xtask = xtask(&tools::root(), self.folder.path());
        let path = std::env::var("PATH").unwrap();
        xtask
            .env("PATH", format!("{}:{path}", self.folder.path().display()))
            .args(arguments);
        said(&mut xtask)
    }
}

fn xtask(root: &Path, home: &Path) -> Command {
    let mut xtask = tools::xtask(root, home).unwrap();
    xtask.arg("aws");
    xtask
}

fn said(command: &mut Command) -> Result<String, String> {
    tools::output(command).map_err(|error| error.to_string())
}

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
fn a_failed_deployment_tells_the_resource_and_its_reason_and_the_next_one_goes_on() {
    // What stands in the way of the first one is gone for the second.
    let aws = FakeAws::new(
        r#"*"describe-stacks --stack-name"*) if [ -e "$0.deleted" ] && ! [ -e "$0.made" ]; then echo "Stack does not exist" >&2; exit 1; fi
  if [ -e "$0.made" ]; then echo '{"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]}'
  else echo '{"Stacks": [{"StackStatus": "ROLLBACK_COMPLETE"}]}'; fi ;;
*describe-stacks*) if [ -e "$0.tried" ]; then
  echo '{"Stacks": [{"StackName": "gitops-loop-registry", "StackStatus": "ROLLBACK_COMPLETE"}]}'; else echo '{"Stacks": []}'; fi ;;
*delete-stack*) touch "$0.deleted" ;;
*execute-change-set*) if [ -e "$0.deleted" ]; then touch "$0.made"; else touch "$0.tried"; fi ;;
*describe-change-set*) echo '{"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": {"Action": "Add"}}]}' ;;
*describe-stack-events*) echo '{"StackEvents": [{"LogicalResourceId": "Backend", "ResourceType": "AWS::ECR::Repository",
  "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "it is there already"}]}' ;;"#,
    );
    let deploy = &["deploy", "staging", "--only", "registry"];
    let error = aws.run(deploy).unwrap_err();
    for words in [
        "ended as ROLLBACK_COMPLETE",
        "deploy again",
        "Backend (AWS::ECR::Repository): it is there already",
    ] {
        assert!(error.contains(words), "{error}");
    }
    let said = aws.run(deploy).unwrap();
    assert!(
        said.contains("removing what a failed first deployment left"),
        "{said}"
    );
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
fn expired_credentials_are_named() {
    let aws = FakeAws::new(
        r#"*get-caller-identity*) echo "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security \
token included in the request is expired" >&2; exit 254 ;;"#,
    );
    let error = aws.run(&["plan", "staging"]).unwrap_err();
    assert!(
        error.contains("have expired") && error.contains("aws sso login"),
        "{error}"
    );
}

#[test]
fn missing_credentials_are_named_by_the_real_command_line() {
    let home = tempfile::tempdir().unwrap();
    let mut xtask = xtask(&tools::root(), home.path());
    let error = said(xtask.args(["plan", "staging"])).unwrap_err();
    assert!(error.contains("there are no credentials for AWS"), "{error}");
}

#[test]
fn another_account_is_not_touched() {
    let aws = FakeAws::new(r#"*get-caller-identity*) echo '{"Account": "111111111111"}' ;;"#);
    let error = aws.run(&["deploy", "staging"]).unwrap_err();
    assert!(
        error.contains("111111111111") && error.contains("000000000000"),
        "{error}"
    );
    assert_eq!(aws.calls().lines().count(), 1, "nothing else was asked");
}

#[test]
fn a_missing_parameter_is_named_before_the_first_stack() {
    let aws = FakeAws::new(
        r#"*describe-change-set*) echo '{"Status": "FAILED", "StatusReason": "The submitted information didn'"'"'t contain changes"}' ;;"#,
    );
    let error = aws.run(&["deploy", "staging"]).unwrap_err();
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
    let error = said(xtask(spoilt.root(), home.path()).args(["plan", "staging"])).unwrap_err();
    assert!(error.contains("`Layuot`"), "{error}");
}

#[test]
fn destroy_wants_the_environments_name_twice() {
    let aws = FakeAws::new("");
    for arguments in [
        &["destroy", "production"][..],
        &["destroy", "production", "--yes", "staging"],
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
    let last = account(&["gitops-loop-registry", "gitops-loop-pipelines-staging"]);
    last.run(destroy).unwrap();
    let calls = last.calls();
    assert_eq!(calls.matches("delete-stack").count(), 2);
    let at = |stack: &str| calls.find(&format!("delete-stack --stack-name {stack}")).unwrap();
    assert!(
        at("gitops-loop-pipelines-staging") < at("gitops-loop-registry"),
        "{calls}"
    );
}
