//! The repository's own migrations, run as the Job runs them.

use std::time::Duration;

use backend::migrate::{Counts, Patience, required_version, schema_version, to_newest};

use super::{MANY, fill, listed, set_in_record};
use crate::support::{PATIENCE, empty_table, unreachable_table};

#[tokio::test]
async fn unrecorded_messages_get_their_board() {
    let table = empty_table().await;
    fill(&table, MANY).await;
    assert_eq!(schema_version(&table).await.unwrap(), 0);
    assert_eq!(listed(&table).await, 0);

    let report = to_newest(&table, PATIENCE).await.unwrap();

    let all = Counts {
        seen: MANY as u64,
        changed: MANY as u64,
    };
    assert_eq!(report.applied[0].counts, Counts::default());
    assert_eq!((report.applied[1].version, report.applied[1].counts), (2, all));
    assert_eq!(schema_version(&table).await.unwrap(), required_version());
    assert_eq!(listed(&table).await, MANY);
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let table = empty_table().await;
    fill(&table, 3).await;
    to_newest(&table, PATIENCE).await.unwrap();
    assert_eq!(to_newest(&table, PATIENCE).await.unwrap().applied, []);
}

#[tokio::test]
async fn a_table_newer_than_the_code_is_left_alone() {
    let table = empty_table().await;
    to_newest(&table, PATIENCE).await.unwrap();
    set_in_record(&table, "version", 99).await;
    assert_eq!(to_newest(&table, PATIENCE).await.unwrap().applied, []);
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
