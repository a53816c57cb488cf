//! What the admission controller may do in AWS: read what lies in this project's folder of the
//! registry, images and their signatures alike.

use cloud::account::Account;
use cloud::template::Template;
use iam::policy::allows;
use serde_json::Value;

const KEY: &str = "01234567-89ab-cdef-0123-456789abcdef";

/// A policy of its role in staging.
fn policy(name: &str) -> Value {
    let template = Template::read("cluster").unwrap();
    let role = &template.resources("AWS::IAM::Role")["AdmissionRole"]["Properties"];
    assert!(role["ManagedPolicyArns"].is_null());
    // One of them is there under a condition only.
    let policies = role["Policies"].as_array().unwrap().iter();
    let policies: Vec<_> = policies
        .map(|policy| policy.pointer("/Fn::If/1").unwrap_or(policy))
        .collect();
    assert_eq!(policies.len(), 2);
    let policy = policies.iter().find(|policy| policy["PolicyName"] == name);
    let text = policy.unwrap()["PolicyDocument"].to_string();
    let values = [("Project", "board"), ("SigningKey", KEY)];
    serde_json::from_str(&template.fill(&text, &values).unwrap()).unwrap()
}

#[test]
fn it_reads_the_images_of_its_project_and_changes_none() {
    let (policy, account) = (policy("images"), Account::read().unwrap());
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

#[test]
fn it_verifies_by_the_key_that_signs_and_signs_nothing() {
    let (policy, account) = (policy("verify"), Account::read().unwrap());
    let may = |action: &str, key: &str| allows(&policy, action, &account.arn("kms", key)).unwrap();
    let key = format!("key/{KEY}");
    for action in ["kms:DescribeKey", "kms:GetPublicKey"] {
        assert!(may(action, &key), "{action}");
        assert!(!may(action, "key/another"), "{action}");
    }
    assert!(!may("kms:Sign", &key));
}
