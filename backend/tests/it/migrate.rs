//! Migrations on tables in every state they can be met in.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use backend::dynamodb::Table;
use backend::migrate::{Counts, Patience, required_version, schema_version, to_newest};
use backend::store::Store;

use crate::support::{PATIENCE, empty_table, put_raw, put_unrecorded, unreachable_table};

/// More than two pages of a backfill.
const MANY: usize = 250;

async fn listed(table: &Table) -> usize {
    let store = Store::new(table.clone());
    let (mut count, mut before) = (0, None);
    loop {
        let page = store.newest(before.as_deref()).await.unwrap();
        count += page.messages.len();
        before = page.next;
        if before.is_none() {
            return count;
        }
    }
}

#[tokio::test]
async fn unrecorded_messages_get_their_board() {
    let table = empty_table().await;
    put_unrecorded(&table, MANY).await;
    assert_eq!(schema_version(&table).await.unwrap(), 0);
    assert_eq!(listed(&table).await, 0);

    let report = to_newest(&table, PATIENCE).await.unwrap();

    assert_eq!(report[0], (1, Counts::default()));
    assert_eq!(
        report[1],
        (
            2,
            Counts {
                seen: 250,
                changed: 250
            }
        )
    );
    assert_eq!(schema_version(&table).await.unwrap(), required_version());
    assert_eq!(listed(&table).await, MANY);
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let table = empty_table().await;
    put_unrecorded(&table, 3).await;
    to_newest(&table, PATIENCE).await.unwrap();
    assert_eq!(to_newest(&table, PATIENCE).await.unwrap(), []);
}

#[tokio::test]
async fn two_migrators_at_once_do_the_work_once() {
    let table = empty_table().await;
    put_unrecorded(&table, MANY).await;
    let (one, other) = tokio::join!(to_newest(&table, PATIENCE), to_newest(&table, PATIENCE));
    let mut reports = [one.unwrap(), other.unwrap()];
    reports.sort_by_key(Vec::len);
    assert_eq!(reports[0], []);
    assert_eq!(reports[1].len(), required_version() as usize);
    assert_eq!(listed(&table).await, MANY);
}

#[tokio::test]
async fn a_killed_run_is_finished_by_the_next() {
    let table = empty_table().await;
    put_unrecorded(&table, MANY).await;
    let patience = Patience {
        lease: Duration::from_secs(1),
        ..PATIENCE
    };

    let victim = tokio::spawn({
        let table = table.clone();
        async move { to_newest(&table, patience).await }
    });
    while listed(&table).await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    victim.abort();
    assert!(victim.await.unwrap_err().is_cancelled());
    let done = listed(&table).await;
    assert!(done < MANY, "the run was over before it was killed");

    let report = to_newest(&table, patience).await.unwrap();

    let changed = report
        .iter()
        .find(|(version, _)| *version == 2)
        .unwrap()
        .1
        .changed;
    assert!(changed >= 1 && changed <= (MANY - 1) as u64, "{changed}");
    assert_eq!(listed(&table).await, MANY);
    assert_eq!(schema_version(&table).await.unwrap(), required_version());
}

#[tokio::test]
async fn a_held_lock_is_waited_for_no_longer_than_allowed() {
    let table = empty_table().await;
    put_raw(&table, &[("uuid", "_schema"), ("lock_owner", "somebody")]).await;
    table
        .client
        .update_item()
        .table_name(&table.name)
        .key("uuid", AttributeValue::S("_schema".into()))
        .update_expression("SET lock_until = :end")
        .expression_attribute_values(":end", AttributeValue::N("99999999999999".into()))
        .send()
        .await
        .unwrap();
    let patience = Patience {
        wait: Duration::from_secs(1),
        ..PATIENCE
    };
    let error = to_newest(&table, patience).await.unwrap_err().to_string();
    assert!(
        error.contains("another migrator (somebody) still holds the lock"),
        "{error}"
    );
}

#[tokio::test]
async fn a_table_newer_than_the_code_is_left_alone() {
    let table = empty_table().await;
    to_newest(&table, PATIENCE).await.unwrap();
    table
        .client
        .update_item()
        .table_name(&table.name)
        .key("uuid", AttributeValue::S("_schema".into()))
        .update_expression("SET #version = :version")
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":version", AttributeValue::N("99".into()))
        .send()
        .await
        .unwrap();
    assert_eq!(to_newest(&table, PATIENCE).await.unwrap(), []);
    assert_eq!(schema_version(&table).await.unwrap(), 99);
}

#[tokio::test]
async fn a_table_that_never_answers_fails_the_run() {
    let table = unreachable_table().await;
    let patience = Patience {
        wait: Duration::from_secs(1),
        ..PATIENCE
    };
    let error = to_newest(&table, patience).await.unwrap_err().to_string();
    assert!(error.contains("did not answer within 1 s"), "{error}");
}
