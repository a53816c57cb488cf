//! The embedded `DynamoDB` and the table in it.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use testkit::embedded::Embedded;
use testkit::table;

async fn put(client: &Client, name: &str) {
    client
        .put_item()
        .table_name(name)
        .item("uuid", AttributeValue::S("one".into()))
        .send()
        .await
        .unwrap();
}

async fn count(client: &Client, name: &str) -> i32 {
    client.scan().table_name(name).send().await.unwrap().count()
}

#[tokio::test]
async fn each_start_is_a_database_of_its_own() {
    let (one, other) = (Embedded::start().await.unwrap(), Embedded::start().await.unwrap());
    for endpoint in [&one.endpoint, &other.endpoint] {
        assert!(
            table::create(&testkit::client(endpoint).await, "messages")
                .await
                .unwrap()
        );
    }
    let client = testkit::client(&one.endpoint).await;
    put(&client, "messages").await;
    assert!(!table::create(&client, "messages").await.unwrap());
    assert_eq!(count(&client, "messages").await, 1);
    assert_eq!(
        count(&testkit::client(&other.endpoint).await, "messages").await,
        0
    );
}

#[test]
fn a_file_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("board.sqlite");
    let run = |first: bool| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let endpoint = Embedded::start_on(&file).await.unwrap().endpoint;
            let client = testkit::client(&endpoint).await;
            assert_eq!(table::create(&client, "messages").await.unwrap(), first);
            if first {
                put(&client, "messages").await;
            }
            count(&client, "messages").await
        })
    };
    assert_eq!([run(true), run(false)], [1, 1]);
}
