//! Each template deployed by `cargo xtask aws` to the emulator that answers for it (docs/AWS.md): then the services themselves are
//! asked, a second deployment changes nothing, and `destroy` removes what it should.

use cloud::emulator::{Checkout, Emulator};
use cloud::tools;
use serde_json::{Value, json};

use crate::images::Repository;

const DEPLOY: &[&str] = &["deploy", "production", "--set", "OidcProvider=oidc.eks/id/1"];
const DESTROY: &[&str] = &["destroy", "production", "--yes", "production"];

fn ask(emulator: &Emulator, arguments: &[&str]) -> Value {
    emulator.ask(arguments).unwrap()
}

/// The error of a question whose answer is that there is no such thing.
fn gone(emulator: &Emulator, arguments: &[&str]) {
    let error = emulator.ask(arguments).unwrap_err().to_string();
    let words = ["NotFound", "NoSuch", "DoesNotExist", "does not exist"];
    assert!(words.iter().any(|word| error.contains(word)), "{error}");
}

fn changes_nothing(emulator: &Emulator, parts: &[&str]) {
    let said = emulator.xtask(&tools::root(), DEPLOY, parts).unwrap();
    assert_eq!(said.matches("no change").count(), parts.len(), "{said}");
}

const ON_MINISTACK: &[&str] = &["registry", "artifacts", "secrets", "build"];

#[test]
fn what_ministack_answers_for() {
    let emulator = Emulator::ministack().unwrap();
    refuses_an_unknown_type(&emulator);
    emulator.xtask(&tools::root(), DEPLOY, ON_MINISTACK).unwrap();
    registry(&emulator);
    a_tag_never_moves(&emulator);
    artifacts(&emulator);
    secret(&emulator);
    projects(&emulator);
    changes_nothing(&emulator, ON_MINISTACK);
    // What a run left behind must not stand in the way.
    let file = tools::templates().join("parameters.toml");
    let body = file.to_str().unwrap();
    let bucket = bucket();
    ask(
        &emulator,
        &[
            "s3api",
            "put-object",
            "--bucket",
            &bucket,
            "--key",
            "a/b",
            "--body",
            body,
        ],
    );
    let said = emulator.xtask(&tools::root(), DESTROY, ON_MINISTACK).unwrap();
    assert_eq!(said.matches("removed").count(), ON_MINISTACK.len(), "{said}");
    gone(
        &emulator,
        &["s3api", "get-bucket-encryption", "--bucket", &bucket],
    );
    gone(
        &emulator,
        &[
            "ecr",
            "describe-repositories",
            "--repository-names",
            "gitops-loop/backend",
        ],
    );
}

fn bucket() -> String {
    "gitops-loop-artifacts-000000000000-eu-central-1".to_owned()
}

fn registry(emulator: &Emulator) {
    let described = ask(emulator, &["ecr", "describe-repositories"]);
    let repositories = described["repositories"].as_array().unwrap();
    assert_eq!(repositories.len(), 2);
    for repository in repositories {
        assert_eq!(repository["imageTagMutability"], "IMMUTABLE");
        assert_eq!(repository["imageScanningConfiguration"]["scanOnPush"], true);
        assert_eq!(repository["encryptionConfiguration"]["encryptionType"], "AES256");
    }
    let policy = ask(
        emulator,
        &[
            "ecr",
            "get-lifecycle-policy",
            "--repository-name",
            "gitops-loop/frontend",
        ],
    );
    let policy: Value = serde_json::from_str(policy["lifecyclePolicyText"].as_str().unwrap()).unwrap();
    assert_eq!(policy["rules"][1]["selection"]["countNumber"], 200);
}

fn a_tag_never_moves(emulator: &Emulator) {
    let repository = Repository {
        emulator,
        name: "gitops-loop/backend",
    };
    let (status, first) = repository.push("content", "first");
    assert_eq!(status, 201);
    let (status, _) = repository.push("content", "second");
    assert!((400..500).contains(&status), "{status}");
    let images = ask(
        emulator,
        &[
            "ecr",
            "describe-images",
            "--repository-name",
            "gitops-loop/backend",
        ],
    );
    let tagged: Vec<_> = images["imageDetails"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|image| image["imageTags"] == json!(["content"]))
        .map(|image| image["imageDigest"].as_str().unwrap())
        .collect();
    assert_eq!(tagged, [first]);
}

fn artifacts(emulator: &Emulator) {
    let bucket = bucket();
    let ask = |what| ask(emulator, &["s3api", what, "--bucket", &bucket]);
    let encryption = ask("get-bucket-encryption");
    let rule = &encryption["ServerSideEncryptionConfiguration"]["Rules"][0];
    assert_eq!(
        rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
        "AES256"
    );
    let access = ask("get-public-access-block");
    let access = access["PublicAccessBlockConfiguration"].as_object().unwrap();
    assert_eq!(access.len(), 4);
    assert!(access.values().all(|closed| *closed == true), "{access:?}");
    let policy = ask("get-bucket-policy");
    let policy: Value = serde_json::from_str(policy["Policy"].as_str().unwrap()).unwrap();
    let statement = &policy["Statement"][0];
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(
        statement["Condition"],
        json!({"Bool": {"aws:SecureTransport": "false"}})
    );
    let arn = format!("arn:aws:s3:::{bucket}");
    assert_eq!(statement["Resource"], json!([arn, format!("{arn}/*")]));
}

fn secret(emulator: &Emulator) {
    let secret = ask(
        emulator,
        &[
            "secretsmanager",
            "get-secret-value",
            "--secret-id",
            "gitops-loop/forge-token",
        ],
    );
    assert_eq!(secret["SecretString"].as_str().unwrap().len(), 32);
}

fn projects(emulator: &Emulator) {
    let names = ["gitops-loop-backend", "gitops-loop-frontend"];
    let got = ask(
        emulator,
        &["codebuild", "batch-get-projects", "--names", names[0], names[1]],
    );
    let projects = got["projects"].as_array().unwrap();
    assert_eq!(projects.len(), 2);
    for (project, app) in projects.iter().zip(["backend", "frontend"]) {
        assert_eq!(project["source"]["buildspec"], "buildspec.yaml");
        assert_eq!(project["environment"]["privilegedMode"], true);
        assert_eq!(
            project["environment"]["environmentVariables"],
            json!([
                {"name": "RELEASE_APPS", "value": app},
                {"name": "IMAGE_REGISTRY", "value": "000000000000.dkr.ecr.eu-central-1.amazonaws.com/gitops-loop"},
                {"name": "FORGE", "value": "codecommit"},
                {"name": "FORGE_REPO", "value": "gitops-loop"},
            ])
        );
    }
    let attached = ask(
        emulator,
        &[
            "iam",
            "list-attached-role-policies",
            "--role-name",
            "gitops-loop-build",
        ],
    );
    assert_eq!(
        attached["AttachedPolicies"][0]["PolicyName"],
        "gitops-loop-push-images"
    );
}

fn table(emulator: &Emulator) {
    let described = ask(
        emulator,
        &[
            "dynamodb",
            "describe-table",
            "--table-name",
            "messages-production",
        ],
    );
    let table = &described["Table"];
    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(table["SSEDescription"]["SSEType"], "KMS");
    let key = table["SSEDescription"]["KMSMasterKeyArn"].as_str().unwrap();
    let rotation = ask(emulator, &["kms", "get-key-rotation-status", "--key-id", key]);
    assert_eq!(rotation["KeyRotationEnabled"], true);
    let backups = ask(
        emulator,
        &[
            "dynamodb",
            "describe-continuous-backups",
            "--table-name",
            "messages-production",
        ],
    );
    assert_eq!(
        backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "ENABLED"
    );
}

fn roles(emulator: &Emulator) {
    for (role, account) in [
        ("backend-production", "message-board:backend"),
        ("backend-migrate-production", "message-board:backend-migrate"),
        ("argo-cd-production", "argocd:argocd-repo-server"),
    ] {
        let got = ask(emulator, &["iam", "get-role", "--role-name", role]);
        let condition = &got["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"];
        let subject = format!("system:serviceaccount:{account}");
        assert_eq!(condition["oidc.eks/id/1:sub"], subject);
    }
}

const ON_MOTO: &[&str] = &["source", "access", "message-board", "cluster", "pipelines"];

#[test]
fn what_moto_answers_for() {
    let emulator = Emulator::moto().unwrap();
    refuses_an_unknown_type(&emulator);
    emulator.xtask(&tools::root(), DEPLOY, ON_MOTO).unwrap();
    let repository = &["codecommit", "get-repository", "--repository-name", "gitops-loop"];
    let made = ask(&emulator, repository);
    assert_eq!(made["repositoryMetadata"]["repositoryName"], "gitops-loop");
    issuers(&emulator);
    table(&emulator);
    roles(&emulator);
    pipelines(&emulator);
    changes_nothing(&emulator, ON_MOTO);
    let said = emulator.xtask(&tools::root(), DESTROY, ON_MOTO).unwrap();
    assert!(said.contains("repositories with their history"), "{said}");
    assert!(said.contains("kept: table messages-production"), "{said}");
    let kept = ask(
        &emulator,
        &[
            "dynamodb",
            "describe-table",
            "--table-name",
            "messages-production",
        ],
    );
    assert_eq!(kept["Table"]["TableStatus"], "ACTIVE");
    assert_eq!(
        ask(&emulator, repository)["repositoryMetadata"],
        made["repositoryMetadata"]
    );
    let pipelines = ask(&emulator, &["codepipeline", "list-pipelines"]);
    assert_eq!(pipelines["pipelines"], json!([]));
    gone(
        &emulator,
        &["iam", "get-role", "--role-name", "gitops-loop-github"],
    );
}

fn issuers(emulator: &Emulator) {
    let list = ask(emulator, &["iam", "list-open-id-connect-providers"]);
    let list = list["OpenIDConnectProviderList"].as_array().unwrap();
    assert_eq!(list.len(), 2);
    for provider in list {
        let arn = provider["Arn"].as_str().unwrap();
        let got = ask(
            emulator,
            &[
                "iam",
                "get-open-id-connect-provider",
                "--open-id-connect-provider-arn",
                arn,
            ],
        );
        assert_eq!(got["ClientIDList"], json!(["sts.amazonaws.com"]), "{arn}");
    }
}

fn pipelines(emulator: &Emulator) {
    for app in ["backend", "frontend"] {
        let name = format!("gitops-loop-{app}-production");
        let got = ask(emulator, &["codepipeline", "get-pipeline", "--name", &name]);
        let stages = &got["pipeline"]["stages"];
        let [source, release] = [0, 1].map(|stage| &stages[stage]["actions"][0]["configuration"]);
        assert_eq!(source["RepositoryName"], "gitops-loop");
        assert_eq!(source["BranchName"], "production");
        assert_eq!(source["PollForSourceChanges"], "false");
        assert_eq!(source["OutputArtifactFormat"], "CODEBUILD_CLONE_REF");
        assert_eq!(release["ProjectName"], format!("gitops-loop-{app}"));
        let variables: Value =
            serde_json::from_str(release["EnvironmentVariables"].as_str().unwrap()).unwrap();
        assert_eq!(
            variables,
            json!([{"name": "RELEASE_BRANCH", "value": "production", "type": "PLAINTEXT"}])
        );
        let rule = ask(emulator, &["events", "describe-rule", "--name", &name]);
        let pattern: Value = serde_json::from_str(rule["EventPattern"].as_str().unwrap()).unwrap();
        assert_eq!(pattern["detail"]["referenceName"], json!(["production"]));
        let targets = ask(emulator, &["events", "list-targets-by-rule", "--rule", &name]);
        let pipeline = format!("arn:aws:codepipeline:eu-central-1:000000000000:{name}");
        assert_eq!(targets["Targets"][0]["Arn"], pipeline);
    }
}

/// Without this the two tests above could pass on an emulator that leaves out what it does not know.
fn refuses_an_unknown_type(emulator: &Emulator) {
    let spoilt = Checkout::copy().unwrap();
    spoilt
        .edit(
            "source.yaml",
            "AWS::CodeCommit::Repository",
            "AWS::Nowhere::Thing",
        )
        .unwrap();
    let apart = [DEPLOY, &["--set", "Project=spoilt"]].concat();
    let deployed = emulator.xtask(spoilt.root(), &apart, &["source"]);
    let error = deployed.unwrap_err().to_string();
    assert!(error.contains("AWS::Nowhere::Thing"), "{error}");
}
