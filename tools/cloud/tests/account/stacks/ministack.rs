//! What `MiniStack` answers for: registry, bucket, secret and builds.

use cloud::emulator::Emulator;
use cloud::tools;
use serde_json::{Value, json};

use super::{
    PRODUCTION, STAGING_OF_THREE, Variant, ask, bucket, gone, policy, refuses_an_unknown_type, stacks,
};
use crate::images::Repository;

const PARTS: &[&str] = &["registry", "repository", "artifacts", "secrets", "build"];

#[test]
fn what_ministack_answers_for() {
    let emulator = Emulator::ministack().unwrap();
    refuses_an_unknown_type(&emulator);
    for variant in [PRODUCTION, STAGING_OF_THREE] {
        variant.deploy(&emulator, PARTS);
        registry(&emulator);
        artifacts(&emulator);
        secret(&emulator);
        projects(&emulator, variant);
        variant.changes_nothing(&emulator, PARTS);
    }
    a_tag_never_moves(&emulator);
    // What a run left behind must not stand in the way.
    let file = tools::templates().join("parameters.toml");
    let body = file.to_str().unwrap();
    let bucket = bucket(&emulator);
    let put = [
        "s3api",
        "put-object",
        "--bucket",
        &bucket,
        "--key",
        "a/b",
        "--body",
        body,
    ];
    ask(&emulator, &put);
    let said = STAGING_OF_THREE.destroy(&emulator, PARTS);
    assert_eq!(said.matches("removed").count(), stacks(PARTS), "{said}");
    gone(
        &emulator,
        &["s3api", "get-bucket-encryption", "--bucket", &bucket],
    );
    let repository = ["--repository-names", "gitops-loop/backend"];
    gone(
        &emulator,
        &[&["ecr", "describe-repositories"][..], &repository].concat(),
    );
}

fn registry(emulator: &Emulator) {
    let described = ask(emulator, &["ecr", "describe-repositories"]);
    let repositories = described["repositories"].as_array().unwrap();
    assert_eq!(repositories.len(), tools::project().apps().len());
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
    assert_eq!(policy["rules"][1]["selection"]["countNumber"], 1000);
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
    let bucket = bucket(emulator);
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

fn projects(emulator: &Emulator, variant: Variant) {
    let account = &emulator.account;
    let registry = format!(
        "{}.dkr.ecr.{}.amazonaws.com/gitops-loop",
        account.id, account.region
    );
    let names = ["gitops-loop-backend", "gitops-loop-frontend"];
    let got = ask(
        emulator,
        &["codebuild", "batch-get-projects", "--names", names[0], names[1]],
    );
    let projects = got["projects"].as_array().unwrap();
    assert_eq!(projects.len(), 2);
    let own = tools::project().apps()[0].name();
    for (project, app) in projects
        .iter()
        .zip(tools::project().apps().iter().map(project::App::name))
    {
        assert_eq!(project["source"]["buildspec"], "buildspec.yaml");
        assert_eq!(project["environment"]["privilegedMode"], true);
        // The other one has every app that is added later, too.
        let releases = if app == own {
            own.to_owned()
        } else {
            format!("!{own}")
        };
        let signing = match variant.key() {
            "" => "none".to_owned(),
            key => format!("awskms:///{key}"),
        };
        let mut told = vec![
            json!({"name": "RELEASE_APPS", "value": releases}),
            json!({"name": "IMAGE_REGISTRY", "value": registry}),
            json!({"name": "FORGE", "value": "codecommit"}),
            json!({"name": "FORGE_REPO", "value": variant.manifests()}),
            json!({"name": "FORGE_REPORTER", "value": "gitops-loop-verifier"}),
            json!({"name": "SIGNING_KEY", "value": signing}),
        ];
        if variant.source(app) != variant.manifests() {
            let host = format!("git-codecommit.{}.amazonaws.com", account.region);
            let address = format!("https://{host}/v1/repos/gitops-loop-infra");
            told.push(json!({"name": "INFRA_REMOTE", "value": address}));
        }
        assert_eq!(project["environment"]["environmentVariables"], Value::from(told));
    }
    let role = "gitops-loop-build";
    let attached = ask(
        emulator,
        &["iam", "list-attached-role-policies", "--role-name", role],
    );
    assert_eq!(
        attached["AttachedPolicies"][0]["PolicyName"],
        "gitops-loop-push-images"
    );
    let apps = tools::project().apps().iter();
    let sources = apps.map(|app| account.arn("codecommit", &variant.source(app.name())));
    let mut sources: Vec<_> = sources.collect();
    sources.dedup();
    let pull = &policy(emulator, role, "source")["Statement"][0];
    assert_eq!(pull["Resource"], json!(sources));
    if variant.key().is_empty() {
        let of_role = ["iam", "get-role-policy", "--role-name", role];
        gone(emulator, &[&of_role[..], &["--policy-name", "sign"]].concat());
    } else {
        let sign = &policy(emulator, role, "sign")["Statement"][0];
        let key = format!("key/{}", variant.key());
        assert_eq!(sign["Resource"], account.arn("kms", &key));
    }
    let propose = &policy(emulator, role, "propose")["Statement"][0];
    assert_eq!(
        propose["Resource"],
        account.arn("codecommit", variant.manifests())
    );
}
