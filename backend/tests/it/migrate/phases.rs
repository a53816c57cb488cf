//! Contractions: they wait for code that survives them, and keep code out that would not.

use std::time::Duration;

use axum::http::StatusCode;
use backend::dynamodb::Table;
use backend::migrate::{Change, Migration, Migrator, required_version};

use super::{MARK, fill, migrator, never, record, set_in_record, with};
use crate::support::{app, current_table, empty_table, get};

const DROP: Migration = Migration::contract(2, "drop text", 1, |item| {
    Ok(item.contains_key("text").then(|| Change::new().remove("text")))
});
const NEEDS_MARK: Migration = Migration::contract(3, "drop author", 2, |item| {
    Ok(item
        .contains_key("author")
        .then(|| Change::new().remove("author")))
});

const NEXT: Migration = Migration::expand(2, "next");

/// What a run of this commit applies, and leaves to a later release.
async fn run(table: &Table, commit: &str, migrations: &[Migration]) -> (Vec<u32>, Vec<u32>) {
    let migrator = Migrator {
        commit,
        ..migrator(table, migrations)
    };
    let report = migrator.up(never()).await.unwrap();
    let applied = report.applied.iter().map(|applied| applied.version);
    (applied.collect(), report.later)
}

#[tokio::test]
async fn a_contraction_is_left_to_the_release_after() {
    let table = empty_table().await;
    fill(&table, 3).await;
    let list = [MARK, NEXT, NEEDS_MARK];
    assert_eq!(run(&table, "a", &[MARK]).await, (vec![1], vec![]));
    assert_eq!(run(&table, "b", &list).await, (vec![2], vec![3]));
    // In a second cluster, or by hand: code of commit a serves as before.
    assert_eq!(run(&table, "b", &list).await, (vec![], vec![3]));
    assert_eq!(
        (with(&table, "author").await, record(&table).await.min_reader),
        (3, 0)
    );

    assert_eq!(run(&table, "c", &list).await, (vec![3], vec![]));
    assert_eq!(
        (with(&table, "author").await, record(&table).await.min_reader),
        (0, 2)
    );
}

#[tokio::test]
async fn a_release_that_never_came_to_its_end_was_none_before() {
    const BROKEN: Migration = Migration::backfill(2, "next", |_| anyhow::bail!("it breaks"));
    let table = empty_table().await;
    fill(&table, 3).await;
    run(&table, "a", &[MARK]).await;
    let broken = [MARK, BROKEN, NEEDS_MARK];
    let broken = Migrator {
        commit: "b",
        ..migrator(&table, &broken)
    };
    broken.up(never()).await.unwrap_err();
    assert_eq!(
        run(&table, "c", &[MARK, NEXT, NEEDS_MARK]).await,
        (vec![2], vec![3])
    );
}

#[tokio::test]
async fn after_a_rollback_a_contraction_waits_for_the_older_code() {
    let table = empty_table().await;
    fill(&table, 3).await;
    run(&table, "a", &[MARK]).await;
    run(&table, "b", &[MARK, NEXT]).await;
    run(&table, "a", &[MARK]).await;
    let list = [MARK, NEXT, NEEDS_MARK];
    assert_eq!(run(&table, "c", &list).await, (vec![], vec![3]));
    assert_eq!(run(&table, "d", &list).await, (vec![3], vec![]));
}

#[tokio::test]
async fn a_contraction_changes_nothing_before_older_servers_have_left() {
    let table = empty_table().await;
    fill(&table, 3).await;
    run(&table, "a", &[MARK, NEXT]).await;
    let list = [MARK, NEXT, NEEDS_MARK];
    let mut contracting = Migrator {
        commit: "b",
        ..migrator(&table, &list)
    };
    contracting.patience.leave = Duration::from_hours(1);
    let older_servers_are_not_ready = async {
        while record(&table).await.min_reader == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // As long as the whole run takes when it need not wait.
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    contracting
        .up(Box::pin(older_servers_are_not_ready))
        .await
        .unwrap_err();
    assert_eq!(with(&table, "author").await, 3);
    assert_eq!(run(&table, "b", &list).await, (vec![3], vec![]));
}

#[tokio::test]
async fn a_new_table_need_not_wait() {
    let table = empty_table().await;
    fill(&table, 3).await;
    let list = [MARK, DROP];
    migrator(&table, &list).up(never()).await.unwrap();
    assert_eq!((with(&table, "mark").await, with(&table, "text").await), (3, 0));
}

#[tokio::test]
async fn of_two_contractions_the_one_that_asks_for_more_counts() {
    let table = empty_table().await;
    fill(&table, 3).await;
    let drop = Migration { version: 4, ..DROP };
    let list = [MARK, NEXT, NEEDS_MARK, drop];
    let report = migrator(&table, &list).up(never()).await.unwrap();
    assert_eq!(report.applied.len(), 4);
    assert_eq!(record(&table).await.min_reader, 2);
}

#[tokio::test]
async fn older_code_can_neither_migrate_nor_serve_after_a_contraction() {
    let table = current_table().await;
    set_in_record(&table, "min_reader", u64::from(required_version()) + 1).await;
    let error = backend::migrate::to_newest(&table, crate::support::PATIENCE)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("cannot be migrated by this code"), "{error}");
    let ready = get(&app(&table), api::READYZ).await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
}
