//! Contractions: they wait for code that survives them, and keep code out that would not.

use axum::http::StatusCode;
use backend::migrate::{Change, Migration, required_version};

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

#[tokio::test]
async fn a_contraction_is_left_to_the_run_after() {
    let table = empty_table().await;
    fill(&table, 3).await;
    let first = [MARK];
    migrator(&table, &first).up(never()).await.unwrap();

    let list = [MARK, Migration::expand(2, "next"), NEEDS_MARK];
    let report = migrator(&table, &list).up(never()).await.unwrap();
    assert_eq!((report.applied[0].version, report.later), (2, vec![3]));
    assert_eq!(
        (with(&table, "author").await, record(&table).await.min_reader),
        (3, 0)
    );

    let report = migrator(&table, &list).up(never()).await.unwrap();
    assert_eq!((report.applied[0].version, report.later), (3, vec![]));
    assert_eq!(
        (with(&table, "author").await, record(&table).await.min_reader),
        (0, 2)
    );
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
    let list = [MARK, Migration::expand(2, "next"), NEEDS_MARK, drop];
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
