//! What the admission controller may do in AWS: read what lies in this project's folder of the
//! registry, images and their signatures alike.

use cloud::account::Account;
use cloud::template::Template;
use iam::policy::allows;
use serde_json::Value;

/// The policy of its role in staging.
fn policy() -> Value {
    let template = Template::read("cluster").unwrap();
    let role = &template.resources("AWS::IAM::Role")["AdmissionRole"]["Properties"];
    assert!(role["ManagedPolicyArns"].is_null());
    let policies = role["Policies"].as_array().unwrap();
    assert_eq!(policies.len(), 1);
    let text = policies[0]["PolicyDocument"].to_string();
    let text = template.fill(&text, &[("Project", "board")]).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn it_reads_the_images_of_its_project_and_changes_none() {
    let (policy, account) = (policy(), Account::read().unwrap());
    let may = |action: &str, on: &str| allows(&policy, action, on).unwrap();
    let repository = |name: &str| account.arn("ecr", &format!("repository/{name}"));
    assert!(may("ecr:GetAuthorizationToken", "*"));
    for action in ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"] {
        assert!(may(action, &repository("board/backend")), "{action}");
        assert!(!may(action, &repository("other-board/backend")), "{action}");
    }
    for action in ["ecr:PutImage", "ecr:BatchDeleteImage", "ecr:InitiateLayerUpload"] {
        assert!(!may(action, &repository("board/backend")), "{action}");
    }
}
