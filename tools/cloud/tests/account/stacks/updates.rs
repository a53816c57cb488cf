//! A change of what is there: that alone is changed, and what the services have follows.

use cloud::checkout::Checkout;
use cloud::emulator::Emulator;
use cloud::tools;
use serde_json::{Value, json};

use super::{PRODUCTION, STAGING_OF_THREE, ask, changes};
use crate::images::Repository;

#[test]
fn a_parameter_changes_what_it_is_for() {
    let emulator = Emulator::ministack().unwrap();
    let parts = &["registry", "build"];
    PRODUCTION.deploy(&emulator, parts);
    let before = projects(&emulator);
    let checkout = Checkout::copy().unwrap();
    // Nobody's, so that it is another one in every fork.
    let image = "nowhere.invalid/image:1";
    let deploy = || {
        let image = format!("Image={image}");
        PRODUCTION.deploy_with(&emulator, checkout.root(), parts, &[&image])
    };
    let said = deploy().unwrap();
    assert_eq!(
        changes(&said),
        [
            "modify  Backend (AWS::CodeBuild::Project)",
            "modify  Frontend (AWS::CodeBuild::Project)"
        ],
        "{said}"
    );
    let after = projects(&emulator);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(after["environment"]["image"], image);
        let mut expected = before.clone();
        expected["environment"]["image"] = after["environment"]["image"].clone();
        expected["lastModified"] = after["lastModified"].clone();
        assert_eq!(*after, expected, "only the image");
    }
    let said = deploy().unwrap();
    assert_eq!(said.matches("no change").count(), parts.len(), "{said}");
}

#[test]
fn a_build_that_proposes_on_another_forge_is_told_where_the_manifests_are() {
    let emulator = Emulator::ministack().unwrap();
    let parts = &["registry", "build"];
    let address = "https://gitlab.com/group/infra.git";
    let remote = format!("InfraRemote={address}");
    let forge = [
        "Forge=gitlab",
        "ForgeApi=https://gitlab.com/api/v4",
        "ForgeRepo=group/infra",
        // A fork may name its own.
        "InfraRemote=",
    ];
    for variant in [PRODUCTION, STAGING_OF_THREE] {
        let deploy = |more: &[&str]| variant.deploy_with(&emulator, &tools::root(), parts, more);
        let error = deploy(&forge).unwrap_err();
        assert!(error.contains("needs InfraRemote"), "{error}");
        deploy(&[&forge[..], &[remote.as_str()]].concat()).unwrap();
        for project in projects(&emulator) {
            let told = project["environment"]["environmentVariables"].as_array().unwrap();
            let of_it = told.iter().filter(|one| one["name"] == "INFRA_REMOTE");
            let addresses: Vec<_> = of_it.map(|one| &one["value"]).collect();
            assert_eq!(addresses, [address]);
        }
    }
}

fn projects(emulator: &Emulator) -> Vec<Value> {
    let names = ["gitops-loop-backend", "gitops-loop-frontend"];
    let got = ask(
        emulator,
        &["codebuild", "batch-get-projects", "--names", names[0], names[1]],
    );
    got["projects"].as_array().unwrap().clone()
}

#[test]
fn a_property_changes_in_place_and_images_stay() {
    let emulator = Emulator::ministack().unwrap();
    PRODUCTION.deploy(&emulator, &["repository"]);
    let repository = Repository {
        emulator: &emulator,
        name: "gitops-loop/backend",
    };
    let (_, digest) = repository.push("content", "kept");
    let checkout = Checkout::copy().unwrap();
    checkout
        .edit(
            "repository.yaml",
            r#""countNumber": 1000"#,
            r#""countNumber": 150"#,
        )
        .unwrap();
    let said = PRODUCTION
        .deploy_from(&emulator, checkout.root(), &["repository"])
        .unwrap();
    let modified = vec!["modify  Images (AWS::ECR::Repository)"; tools::project().apps().len()];
    assert_eq!(changes(&said), modified, "{said}");
    let of = |what: &str| {
        ask(
            &emulator,
            &["ecr", what, "--repository-name", "gitops-loop/backend"],
        )
    };
    let policy = of("get-lifecycle-policy");
    let policy: Value = serde_json::from_str(policy["lifecyclePolicyText"].as_str().unwrap()).unwrap();
    assert_eq!(policy["rules"][1]["selection"]["countNumber"], 150);
    let images = of("describe-images");
    assert_eq!(
        images["imageDetails"][0]["imageDigest"], digest,
        "it was made anew: {images}"
    );
}

#[test]
fn a_resource_more_and_a_resource_less() {
    let emulator = Emulator::ministack().unwrap();
    PRODUCTION.deploy(&emulator, &["registry"]);
    let third = || {
        let described = ask(&emulator, &["ecr", "describe-repositories"]);
        let mut all = described["repositories"].as_array().unwrap().iter();
        all.any(|one| one["repositoryName"] == "gitops-loop/third")
    };
    let checkout = Checkout::copy().unwrap();
    let more = "Resources:\n  Third:\n    Type: AWS::ECR::Repository\n    Properties:\n      RepositoryName: gitops-loop/third\n";
    checkout.edit("registry.yaml", "Resources:\n", more).unwrap();
    let said = PRODUCTION
        .deploy_from(&emulator, checkout.root(), &["registry"])
        .unwrap();
    assert_eq!(changes(&said), ["add     Third (AWS::ECR::Repository)"], "{said}");
    assert!(third());
    let said = PRODUCTION.deploy(&emulator, &["registry"]);
    assert_eq!(changes(&said), ["remove  Third (AWS::ECR::Repository)"], "{said}");
    assert!(!third());
}

#[test]
fn a_rule_changes_and_the_pipelines_do_not() {
    let emulator = Emulator::moto().unwrap();
    let parts = &["source", "pipelines"];
    PRODUCTION.deploy(&emulator, parts);
    let pipeline = || {
        ask(
            &emulator,
            &[
                "codepipeline",
                "get-pipeline",
                "--name",
                "gitops-loop-backend-production",
            ],
        )
    };
    let before = pipeline();
    let checkout = Checkout::copy().unwrap();
    checkout
        .edit(
            "pipelines.yaml",
            "event: [referenceCreated, referenceUpdated]",
            "event: [referenceUpdated]",
        )
        .unwrap();
    let said = PRODUCTION.deploy_from(&emulator, checkout.root(), parts).unwrap();
    assert_eq!(
        changes(&said),
        [
            "modify  BackendTrigger (AWS::Events::Rule)",
            "modify  FrontendTrigger (AWS::Events::Rule)"
        ],
        "{said}"
    );
    let last = tools::project().last();
    for app in tools::project().apps() {
        let name = format!("gitops-loop-{app}-{last}");
        let rule = ask(&emulator, &["events", "describe-rule", "--name", &name]);
        let pattern: Value = serde_json::from_str(rule["EventPattern"].as_str().unwrap()).unwrap();
        assert_eq!(pattern["detail"]["event"], json!(["referenceUpdated"]));
        assert_eq!(pattern["detail"]["referenceName"], json!([last.branch()]));
    }
    assert_eq!(pipeline(), before);
}
