//! A deployment that fails half-way. `MiniStack` undoes it as CloudFormation does, and leaves the
//! stack in the state that says so; moto and LocalStack undo nothing.

use cloud::checkout::Checkout;
use cloud::emulator::Emulator;
use cloud::tools;
use serde_json::Value;

use super::{PRODUCTION, ask, bucket, gone};

fn status(emulator: &Emulator, stack: &str) -> String {
    let described = ask(
        emulator,
        &["cloudformation", "describe-stacks", "--stack-name", stack],
    );
    described["Stacks"][0]["StackStatus"].as_str().unwrap().to_owned()
}

fn projects(emulator: &Emulator) -> Vec<Value> {
    let names = ["gitops-loop-backend", "gitops-loop-frontend"];
    let arguments = ["codebuild", "batch-get-projects", "--names", names[0], names[1]];
    ask(emulator, &arguments)["projects"].as_array().unwrap().clone()
}

/// What CloudFormation would make is there already, by somebody's hand.
fn project_by_hand(emulator: &Emulator, name: &str) {
    let role = format!("arn:aws:iam::{}:role/some", emulator.account.id);
    ask(
        emulator,
        &[
            "codebuild",
            "create-project",
            "--name",
            name,
            "--source",
            "type=NO_SOURCE",
            "--artifacts",
            "type=NO_ARTIFACTS",
            "--environment",
            "type=LINUX_CONTAINER,image=some,computeType=BUILD_GENERAL1_SMALL",
            "--service-role",
            &role,
        ],
    );
}

fn remove_project(emulator: &Emulator, name: &str) {
    ask(emulator, &["codebuild", "delete-project", "--name", name]);
}

#[test]
fn a_first_deployment_that_fails_is_undone_told_and_made_afresh() {
    let emulator = Emulator::ministack().unwrap();
    let (stack, parts) = ("gitops-loop-build", &["build"]);
    PRODUCTION.deploy(&emulator, &["registry"]);
    project_by_hand(&emulator, "gitops-loop-frontend");
    // Once more without mending anything: it says the same, of what it really met.
    for _ in ["first", "again"] {
        let error = PRODUCTION
            .deploy_from(&emulator, &tools::root(), parts)
            .unwrap_err();
        for words in [
            "stack gitops-loop-build ended as ROLLBACK_COMPLETE",
            "mend what follows and deploy again",
            "Frontend (AWS::CodeBuild::Project): CodeBuild project already exists: gitops-loop-frontend",
        ] {
            assert!(error.contains(words), "{error}");
        }
        assert_eq!(status(&emulator, stack), "ROLLBACK_COMPLETE");
        let left = projects(&emulator);
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0]["environment"]["image"], "some", "what was there stays");
        gone(&emulator, &["iam", "get-role", "--role-name", stack]);
    }

    let plan = &["plan", "production"];
    let said = emulator.stacks(&tools::root(), plan, parts).unwrap();
    assert!(
        said.contains("its first deployment failed; `deploy` removes"),
        "{said}"
    );
    assert_eq!(
        status(&emulator, stack),
        "ROLLBACK_COMPLETE",
        "a plan changes nothing"
    );

    remove_project(&emulator, "gitops-loop-frontend");
    let said = PRODUCTION.deploy(&emulator, parts);
    assert!(
        said.contains("removing what a failed first deployment left"),
        "{said}"
    );
    assert_eq!(status(&emulator, stack), "CREATE_COMPLETE");
    assert_eq!(projects(&emulator).len(), 2);
    PRODUCTION.changes_nothing(&emulator, parts);
}

#[test]
fn a_change_that_fails_leaves_what_was_there() {
    let emulator = Emulator::ministack().unwrap();
    let (stack, parts) = ("gitops-loop-build", &["build"]);
    PRODUCTION.deploy(&emulator, &["registry", "build"]);
    let before = projects(&emulator);
    let checkout = Checkout::copy().unwrap();
    // Not as the default, in whose place a fork may have one of its own.
    checkout
        .edit(
            "build.yaml",
            "Image: !Ref Image",
            "Image: aws/codebuild/standard:8.0",
        )
        .unwrap();
    let third = "\nResources:\n  Third:\n    Type: AWS::CodeBuild::Project\n    DependsOn: [Backend, Frontend]\n    Properties:\n      \
                 Name: third\n      ServiceRole: !GetAtt Role.Arn\n      Artifacts: { Type: NO_ARTIFACTS }\n      Source: { Type: \
                 NO_SOURCE, BuildSpec: buildspec.yaml }\n      Environment: { Type: LINUX_CONTAINER, ComputeType: \
                 BUILD_GENERAL1_SMALL, Image: !Ref Image }\n";
    checkout.edit("build.yaml", "\nResources:\n", third).unwrap();
    project_by_hand(&emulator, "third");

    let error = PRODUCTION
        .deploy_from(&emulator, checkout.root(), parts)
        .unwrap_err();
    for words in [
        "stack gitops-loop-build ended as UPDATE_ROLLBACK_COMPLETE",
        "Third (AWS::CodeBuild::Project): CodeBuild project already exists: third",
    ] {
        assert!(error.contains(words), "{error}");
    }
    for (before, after) in before.iter().zip(projects(&emulator)) {
        assert_eq!(after["environment"], before["environment"]);
    }

    remove_project(&emulator, "third");
    PRODUCTION.deploy_from(&emulator, checkout.root(), parts).unwrap();
    assert_eq!(status(&emulator, stack), "UPDATE_COMPLETE");
    for after in projects(&emulator) {
        assert_eq!(after["environment"]["image"], "aws/codebuild/standard:8.0");
    }
}

/// Then CloudFormation makes nothing, and its events of the stack only say how many faults there
/// are.
#[test]
fn what_the_checks_before_a_deployment_find_is_told_by_resource() {
    let emulator = Emulator::ministack().unwrap();
    let bucket = bucket(&emulator);
    let of_bucket = |verb: &str, more: &[&str]| {
        let arguments = [&["s3api", verb, "--bucket", &bucket], more].concat();
        ask(&emulator, &arguments)
    };
    let region = &emulator.account.region;
    let constraint = format!("LocationConstraint={region}");
    let here = ["--create-bucket-configuration", &constraint];
    // The region that S3 takes unasked may not be named.
    let here = if region == "us-east-1" {
        &here[..0]
    } else {
        &here[..]
    };
    of_bucket("create-bucket", here);
    let error = PRODUCTION
        .deploy_from(&emulator, &tools::root(), &["artifacts"])
        .unwrap_err();
    let expected = format!(
        "Bucket (AWS::S3::Bucket): Resource of type 'AWS::S3::Bucket' with identifier '{bucket}' already exists"
    );
    assert!(error.contains(&expected), "{error}");
    assert_eq!(status(&emulator, "gitops-loop-artifacts"), "ROLLBACK_COMPLETE");

    of_bucket("delete-bucket", &[]);
    PRODUCTION.deploy(&emulator, &["artifacts"]);
    assert_eq!(status(&emulator, "gitops-loop-artifacts"), "CREATE_COMPLETE");
}
