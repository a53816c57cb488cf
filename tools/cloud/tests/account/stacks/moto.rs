//! What moto answers for: sources, issuers, the table, roles and pipelines.

use cloud::emulator::Emulator;
use cloud::tools;
use serde_json::{Value, json};

use super::{PRODUCTION, STAGING_OF_THREE, Variant, ask, gone, policy, refuses_an_unknown_type};

const PARTS: &[&str] = &[
    "source",
    "access",
    "message-board",
    "hub",
    "cluster",
    "traffic",
    "previews", // wing: previews
    "pipelines",
];

#[test]
fn what_moto_answers_for_in_production() {
    let emulator = Emulator::moto().unwrap();
    refuses_an_unknown_type(&emulator);
    PRODUCTION.deploy(&emulator, PARTS);
    let sources = sources(&emulator, &["gitops-loop"]);
    issuers(&emulator);
    github_subjects(&emulator, "someone@1234/board@567890");
    protected_table(&emulator);
    roles(&emulator, PRODUCTION);
    pipelines(&emulator, PRODUCTION);
    PRODUCTION.changes_nothing(&emulator, PARTS);
    let said = PRODUCTION.destroy(&emulator, PARTS);
    assert!(
        said.contains("stays, with the histories of its repositories"),
        "{said}"
    );
    assert!(said.contains("kept: table messages-production"), "{said}");
    assert_eq!(table(&emulator, PRODUCTION)["TableStatus"], "ACTIVE");
    is_removed(&emulator, PRODUCTION, &["gitops-loop"], &sources);
}

#[test]
fn what_moto_answers_for_in_staging_with_three_repositories() {
    let emulator = Emulator::moto().unwrap();
    STAGING_OF_THREE.deploy(&emulator, PARTS);
    let names = [
        "gitops-loop-app-backend",
        "gitops-loop-app-frontend",
        "gitops-loop-infra",
    ];
    let sources = sources(&emulator, &names);
    gone(
        &emulator,
        &["codecommit", "get-repository", "--repository-name", "gitops-loop"],
    );
    let table = table(&emulator, STAGING_OF_THREE);
    assert_eq!(table["DeletionProtectionEnabled"], false);
    assert_ne!(table["SSEDescription"]["SSEType"], "KMS");
    roles(&emulator, STAGING_OF_THREE);
    pipelines(&emulator, STAGING_OF_THREE);
    STAGING_OF_THREE.changes_nothing(&emulator, PARTS);
    let said = STAGING_OF_THREE.destroy(&emulator, PARTS);
    assert!(said.contains("removed: table messages-staging"), "{said}");
    gone(
        &emulator,
        &["dynamodb", "describe-table", "--table-name", "messages-staging"],
    );
    is_removed(&emulator, STAGING_OF_THREE, &names, &sources);
}

/// What CodeCommit says of each repository.
fn sources(emulator: &Emulator, names: &[&str]) -> Vec<Value> {
    let source = |name: &&str| {
        let got = ask(
            emulator,
            &["codecommit", "get-repository", "--repository-name", name],
        );
        assert_eq!(got["repositoryMetadata"]["repositoryName"], *name);
        got
    };
    names.iter().map(source).collect()
}

/// Histories stay, in a stack that the next deployment finds; all that can be made anew is gone.
fn is_removed(emulator: &Emulator, variant: Variant, names: &[&str], before: &[Value]) {
    assert_eq!(sources(emulator, names), before);
    variant.changes_nothing(emulator, &["source"]);
    let pipelines = ask(emulator, &["codepipeline", "list-pipelines"]);
    assert_eq!(pipelines["pipelines"], json!([]));
    gone(
        emulator,
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

/// Whom the role for GitHub trusts, once CloudFormation has put the parameters in.
fn github_subjects(emulator: &Emulator, repository: &str) {
    let role = ask(
        emulator,
        &["iam", "get-role", "--role-name", "gitops-loop-github"],
    );
    let statements = &role["Role"]["AssumeRolePolicyDocument"]["Statement"];
    let subject = |index: usize, operator: &str| {
        statements[index]["Condition"][operator]["token.actions.githubusercontent.com:sub"].clone()
    };
    let environments = tools::project().environments().iter();
    let branches = environments.map(|at| format!("repo:{repository}:ref:refs/heads/{}", at.branch()));
    assert_eq!(subject(0, "StringEquals"), json!(branches.collect::<Vec<_>>()));
    assert_eq!(
        subject(1, "StringLike"),
        format!("repo:{repository}:ref:refs/tags/v*")
    );
}

fn table(emulator: &Emulator, variant: Variant) -> Value {
    let name = format!("messages-{}", variant.environment);
    let described = ask(emulator, &["dynamodb", "describe-table", "--table-name", &name]);
    described["Table"].clone()
}

fn protected_table(emulator: &Emulator) {
    let table = table(emulator, PRODUCTION);
    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(table["SSEDescription"]["SSEType"], "KMS");
    let key = table["SSEDescription"]["KMSMasterKeyArn"].as_str().unwrap();
    let rotation = ask(emulator, &["kms", "get-key-rotation-status", "--key-id", key]);
    assert_eq!(rotation["KeyRotationEnabled"], true);
    let arn = table["TableArn"].as_str().unwrap();
    let tags = ask(
        emulator,
        &["dynamodb", "list-tags-of-resource", "--resource-arn", arn],
    );
    let project = json!([{"Key": "Project", "Value": tools::project().name()}]);
    assert_eq!(tags["Tags"], project, "nobody would know whose it is");
    let backups = [
        "dynamodb",
        "describe-continuous-backups",
        "--table-name",
        "messages-production",
    ];
    let backups = ask(emulator, &backups);
    assert_eq!(
        backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "ENABLED"
    );
}

fn roles(emulator: &Emulator, variant: Variant) {
    for (role, account) in [
        ("backend", "message-board:backend"),
        ("backend-migrate", "message-board:backend-migrate"),
        ("argo-cd", "argocd:argocd-repo-server"),
        ("gitops-loop-admission", "cosign-system:webhook"),
        ("gitops-loop-verifier", "verifier:verifier"), // wing: verifier
        // wing: addons
        ("gitops-loop-external-dns", "external-dns:external-dns"),
        (
            "gitops-loop-load-balancer",
            "load-balancer:aws-load-balancer-controller",
        ),
        // end of wing
        // wing: addons, verifier
        (
            "gitops-loop-external-secrets",
            "external-secrets:external-secrets",
        ),
        // end of wing
    ] {
        let role = format!("{role}-{}", variant.environment);
        let got = ask(emulator, &["iam", "get-role", "--role-name", &role]);
        let condition = &got["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"];
        let subject = format!("system:serviceaccount:{account}");
        assert_eq!(condition["oidc.eks/id/1:sub"], subject);
    }
    let reads = policy(emulator, &format!("argo-cd-{}", variant.environment), "manifests");
    assert_eq!(
        reads["Statement"][0]["Resource"],
        emulator.account.arn("codecommit", variant.manifests())
    );
}

fn pipelines(emulator: &Emulator, variant: Variant) {
    for app in tools::project().apps() {
        let name = format!("gitops-loop-{app}-{}", variant.environment);
        let got = ask(emulator, &["codepipeline", "get-pipeline", "--name", &name]);
        let stages = &got["pipeline"]["stages"];
        let [source, release] = [0, 1].map(|stage| &stages[stage]["actions"][0]["configuration"]);
        assert_eq!(source["RepositoryName"], variant.source(app.name()));
        assert_eq!(source["BranchName"], variant.branch());
        assert_eq!(source["PollForSourceChanges"], "false");
        assert_eq!(source["OutputArtifactFormat"], "CODEBUILD_CLONE_REF");
        assert_eq!(release["ProjectName"], format!("gitops-loop-{app}"));
        let variables: Value =
            serde_json::from_str(release["EnvironmentVariables"].as_str().unwrap()).unwrap();
        assert_eq!(
            variables,
            json!([{"name": "RELEASE_BRANCH", "value": variant.branch(), "type": "PLAINTEXT"}])
        );
        let rule = ask(emulator, &["events", "describe-rule", "--name", &name]);
        let pattern: Value = serde_json::from_str(rule["EventPattern"].as_str().unwrap()).unwrap();
        assert_eq!(pattern["detail"]["referenceName"], json!([variant.branch()]));
        let source = emulator.account.arn("codecommit", &variant.source(app.name()));
        assert_eq!(pattern["resources"], json!([source]));
        let targets = ask(emulator, &["events", "list-targets-by-rule", "--rule", &name]);
        let pipeline = emulator.account.arn("codepipeline", &name);
        assert_eq!(targets["Targets"][0]["Arn"], pipeline);
    }
    verified(emulator, variant);
}

/// A report starts the pipelines of an environment that may wait for one, and no others.
fn verified(emulator: &Emulator, variant: Variant) {
    let name = format!("gitops-loop-verified-{}", variant.environment);
    if variant.environment == tools::project().first().name() {
        gone(emulator, &["events", "describe-rule", "--name", &name]);
        return;
    }
    let rule = ask(emulator, &["events", "describe-rule", "--name", &name]);
    let pattern: Value = serde_json::from_str(rule["EventPattern"].as_str().unwrap()).unwrap();
    let manifests = emulator.account.arn("codecommit", variant.manifests());
    assert_eq!(pattern["resources"], json!([manifests]));
    let by = pattern["detail"]["callerUserArn"][0]["prefix"].as_str().unwrap();
    assert!(by.ends_with(":assumed-role/gitops-loop-verifier-"), "{by}");
    let targets = ask(emulator, &["events", "list-targets-by-rule", "--rule", &name]);
    let targets = targets["Targets"].as_array().unwrap().iter();
    let pipelines = tools::project().apps().iter().map(|app| {
        let name = format!("gitops-loop-{app}-{}", variant.environment);
        emulator.account.arn("codepipeline", &name)
    });
    assert!(
        targets
            .map(|target| target["Arn"].as_str().unwrap().to_owned())
            .eq(pipelines)
    );
}

#[test]
fn forges_that_nobody_names_get_no_role_and_no_issuer() {
    let emulator = Emulator::moto().unwrap();
    let nobody = [
        "deploy",
        "production",
        "--set",
        "GitHubRepository=",
        "--set",
        "GitLabProject=",
    ];
    emulator.stacks(&tools::root(), &nobody, &["access"]).unwrap();
    let issuers = ask(&emulator, &["iam", "list-open-id-connect-providers"]);
    assert_eq!(issuers["OpenIDConnectProviderList"], json!([]));
    let roles = ask(&emulator, &["iam", "list-roles"]);
    assert_eq!(roles["Roles"], json!([]));
    // A repository whose tokens have the names alone needs no numbers.
    let by_name = [
        "deploy",
        "production",
        "--set",
        "GitHubRepository=someone/board",
        "--set",
        "GitHubOwnerId=",
        "--set",
        "GitHubRepositoryId=",
        "--set",
        "GitHubImmutableSubject=no",
    ];
    emulator.stacks(&tools::root(), &by_name, &["access"]).unwrap();
    github_subjects(&emulator, "someone/board");
}
