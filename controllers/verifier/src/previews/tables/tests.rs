//! What DynamoDB is asked for a table, whatever there is of it.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::*;
use crate::forge::tests::Stub;

pub(in crate::previews) const ASSUMED: &str = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
    <AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
    </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";

/// STS and `DynamoDB` at one address.
fn dynamodb(answer: impl Fn(&str) -> (u16, Value) + Send + 'static) -> Stub {
    Stub::start(move |asked| match asked.header("X-Amz-Target") {
        "" => (200, ASSUMED.to_owned()),
        target => {
            let (status, body) = answer(target.rsplit('.').next().unwrap());
            (status, body.to_string())
        }
    })
}

pub(in crate::previews) fn tables(stub: &Stub) -> (Tables, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("identity");
    fs::write(&token, "of-the-service-account").unwrap();
    let walls = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/previews/walls");
    let tables = Tables {
        agent: agent(),
        role: Role {
            arn: "arn:aws:iam::000000000000:role/previews".to_owned(),
            token,
            endpoint: stub.address(),
            region: "eu-central-1".to_owned(),
        },
        endpoint: stub.address(),
        prefix: "messages-preview-".to_owned(),
        walls,
    };
    (tables, folder)
}

fn actions(stub: &Stub) -> Vec<String> {
    let asked = stub.asked();
    let targets = asked.iter().map(|asked| asked.header("X-Amz-Target"));
    let actions = targets.filter_map(|target| target.rsplit_once('.'));
    actions.map(|(_, action)| action.to_owned()).collect()
}

#[test]
fn one_that_is_not_active_yet_is_filled_later() {
    let looks = AtomicUsize::new(0);
    let stub = dynamodb(move |action| match action {
        "CreateTable" if looks.load(Ordering::SeqCst) > 0 => {
            (400, json!({ "__type": "com.amazonaws#ResourceInUseException" }))
        }
        "DescribeTable" => {
            let status = ["CREATING", "ACTIVE"][looks.fetch_add(1, Ordering::SeqCst)];
            (200, json!({ "Table": { "TableStatus": status } }))
        }
        _ => (200, json!({})),
    });
    let (tables, _folder) = tables(&stub);
    assert!(!tables.make(7).unwrap());
    assert!(tables.make(7).unwrap());
    let both = ["CreateTable", "DescribeTable"];
    assert_eq!(
        actions(&stub),
        [&both[..], &both, &["PutItem", "PutItem"]].concat()
    );
    let created = stub
        .asked()
        .into_iter()
        .find(|asked| asked.body.contains("KeySchema"));
    assert_eq!(created.unwrap().json()["TableName"], "messages-preview-7");
}

#[test]
fn a_refusal_is_an_error_but_that_it_is_gone_is_none() {
    let stub = dynamodb(|action| match action {
        "DeleteTable" => (400, json!({ "__type": "ResourceNotFoundException" })),
        _ => (400, json!({ "__type": "AccessDeniedException" })),
    });
    let (tables, _folder) = tables(&stub);
    tables.delete(7).unwrap();
    let error = format!("{:#}", tables.make(7).unwrap_err());
    assert!(
        error.contains("CreateTable") && error.contains("AccessDenied"),
        "{error}"
    );
    assert!(tables.list().is_err());
}

#[test]
fn a_refusal_is_told_by_its_code_and_not_by_its_words() {
    let stub = dynamodb(|_| {
        let said = "not ResourceInUseException, and not ResourceNotFoundException either";
        let code = "com.amazonaws#ValidationException";
        (400, json!({ "__type": code, "message": said }))
    });
    let (tables, _folder) = tables(&stub);
    assert!(tables.make(7).is_err());
    assert_eq!(actions(&stub), ["CreateTable"]);
    assert!(tables.delete(7).is_err());
}

#[test]
fn only_tables_of_previews_are_listed_and_all_pages_are_read() {
    let pages = AtomicUsize::new(0);
    let stub = dynamodb(move |_| {
        let page = pages.fetch_add(1, Ordering::SeqCst);
        let names = [
            "messages-staging",
            "messages-preview-x",
            "messages-preview-12",
            "messages-preview-7",
        ];
        let page = match page {
            0 => json!({ "TableNames": &names[..3], "LastEvaluatedTableName": names[2] }),
            _ => json!({ "TableNames": &names[3..] }),
        };
        (200, page)
    });
    let (tables, _folder) = tables(&stub);
    assert_eq!(tables.list().unwrap(), [7, 12].into());
    let last = stub.asked().pop().unwrap();
    assert_eq!(last.json()["ExclusiveStartTableName"], "messages-preview-12");
}
