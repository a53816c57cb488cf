//! What the admission controller may do in AWS: read what lies in this project's folder of the
//! registry, images and their signatures alike.

use cloud::account::Account;
use cloud::template::Template;
use iam::policy::allows;
use serde_json::Value;

const KEY: &str = "01234567-89ab-cdef-0123-456789abcdef";

/// What a policy of its role in the template lets it do, in staging.
fn allowed(template: &Template, document: &Value) -> Value {
    let values = [("Project", "board"), ("SigningKey", KEY)];
    serde_json::from_str(&template.fill(&document.to_string(), &values).unwrap()).unwrap()
}

#[test]
fn it_reads_the_images_of_its_project_and_changes_none() {
    let template = Template::read("cluster").unwrap();
    let role = &template.resources("AWS::IAM::Role")["AdmissionRole"]["Properties"];
    assert!(role["ManagedPolicyArns"].is_null());
    let policies = role["Policies"].as_array().unwrap();
    assert_eq!(policies.len(), 1);
    let (policy, account) = (
        allowed(&template, &policies[0]["PolicyDocument"]),
        Account::read().unwrap(),
    );
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
    let template = Template::read("cluster").unwrap();
    let key = &template.resources("AWS::IAM::Policy")["AdmissionKey"];
    assert_eq!(key["Condition"], "Signs");
    let document = &key["Properties"]["PolicyDocument"];
    let (policy, account) = (allowed(&template, document), Account::read().unwrap());
    let may = |action: &str, key: &str| allows(&policy, action, &account.arn("kms", key)).unwrap();
    let key = format!("key/{KEY}");
    for action in ["kms:DescribeKey", "kms:GetPublicKey"] {
        assert!(may(action, &key), "{action}");
        assert!(!may(action, "key/another"), "{action}");
    }
    assert!(!may("kms:Sign", &key));
}
