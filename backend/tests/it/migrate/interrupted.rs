//! Runs that end half way: killed, stopped, or failed at an item. The next one goes on where they
//! were.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use backend::dynamodb::Table;
use backend::migrate::{Change, Checkpoint, Counts, Migration};

use super::{MANY, MARK, fill, migrator, never, record, slowly, with};
use crate::support::{empty_table, put_raw};

/// Waits until a run has recorded how far it is.
async fn checkpoint(table: &Table) -> Checkpoint {
    loop {
        if let Some(checkpoint) = record(table).await.checkpoint {
            return checkpoint;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_killed_run_is_taken_over_at_its_checkpoint() {
    let table = empty_table().await;
    fill(&table, MANY).await;
    let victim = tokio::spawn({
        let table = table.clone();
        async move { slowly(&table, &[MARK]).up(never()).await }
    });
    checkpoint(&table).await;
    victim.abort();
    assert!(victim.await.unwrap_err().is_cancelled());

    let left = checkpoint(&table).await.counts;
    let marked = with(&table, "mark").await as u64;
    assert!(left.seen > 0 && marked < MANY as u64, "{left:?}, {marked} marked");
    assert!(left.seen <= marked, "the checkpoint is past what was written");
    assert!(
        record(&table).await.holder.is_some(),
        "a killed run cannot give its lock back"
    );

    let migrations = [MARK];
    let mut next = migrator(&table, &migrations);
    next.patience.lease = Duration::from_secs(3);
    let applied = next.up(never()).await.unwrap().applied[0];

    assert_eq!(applied.earlier, left);
    assert_eq!(
        applied.counts.seen, MANY as u64,
        "together both runs have seen each item once"
    );
    assert_eq!(
        applied.counts.changed - applied.earlier.changed,
        MANY as u64 - marked
    );
    assert_eq!(with(&table, "mark").await, MANY);
    let record = record(&table).await;
    assert_eq!(
        (record.version, record.checkpoint, record.holder),
        (1, None, None)
    );
}

#[tokio::test]
async fn a_stopped_run_gives_its_lock_back() {
    let table = empty_table().await;
    fill(&table, MANY).await;
    let stop = Box::pin(async {
        checkpoint(&table).await;
    });
    let error = slowly(&table, &[MARK]).up(stop).await.unwrap_err().to_string();
    assert!(
        error.contains("the next run goes on where this one was"),
        "{error}"
    );

    let left = record(&table).await;
    assert_eq!((left.version, left.holder), (0, None));
    let report = migrator(&table, &[MARK]).up(never()).await.unwrap();
    assert_eq!(report.applied[0].earlier, left.checkpoint.unwrap().counts);
    assert_eq!(with(&table, "mark").await, MANY);
}

#[tokio::test]
async fn an_item_that_cannot_be_changed_is_named_and_the_rest_goes_on() {
    const STRICT: Migration = Migration::backfill(1, "strict", |item| {
        anyhow::ensure!(item.contains_key("author"), "it has no author");
        Ok((!item.contains_key("mark")).then(|| Change::new().set_text("mark", "x")))
    });
    let table = empty_table().await;
    fill(&table, MANY).await;
    put_raw(&table, &[("uuid", "odd")]).await;

    let error = migrator(&table, &[STRICT]).up(never()).await.unwrap_err();
    let error = format!("{error:#}");
    assert!(
        error.starts_with("migration 1 (strict): item odd of table messages: ")
            && error.ends_with("it has no author"),
        "{error}"
    );
    let left = record(&table).await;
    assert_eq!((left.version, &left.holder), (0, &None));

    put_raw(&table, &[("uuid", "odd"), ("author", "Ada")]).await;
    let report = migrator(&table, &[STRICT]).up(never()).await.unwrap();
    assert_eq!(report.applied[0].counts.seen, MANY as u64 + 1);
    assert_eq!(with(&table, "mark").await, MANY + 1);
}

#[tokio::test]
async fn what_the_table_refuses_names_the_item_too() {
    const NOT_A_KEY: Migration = Migration::backfill(1, "not a key", |item| {
        let board = AttributeValue::N("1".into());
        Ok((item.get("board") != Some(&board)).then(|| Change::new().set("board", board)))
    });
    let table = empty_table().await;
    fill(&table, 1).await;
    let error = migrator(&table, &[NOT_A_KEY]).up(never()).await.unwrap_err();
    let error = format!("{error:#}");
    assert!(
        error.contains("item old-0000") && error.contains("ValidationException"),
        "{error}"
    );
}

#[tokio::test]
async fn a_migration_of_another_name_starts_over() {
    const AGAIN: Migration = Migration::backfill(1, "mark again", |item| {
        Ok((!item.contains_key("again")).then(|| Change::new().set_text("again", "x")))
    });
    let table = empty_table().await;
    fill(&table, MANY).await;
    let stop = Box::pin(async {
        checkpoint(&table).await;
    });
    slowly(&table, &[MARK]).up(stop).await.unwrap_err();
    let report = migrator(&table, &[AGAIN]).up(never()).await.unwrap();
    assert_eq!(report.applied[0].earlier, Counts::default());
    assert_eq!(with(&table, "again").await, MANY);
}

/// As after a revert: the number was free in the code, but not in this table.
#[tokio::test]
async fn a_number_that_another_migration_has_had_is_refused() {
    const OTHER: Migration = Migration::expand(1, "other");
    let table = empty_table().await;
    migrator(&table, &[MARK]).up(never()).await.unwrap();
    let before = record(&table).await;
    let list = [OTHER];
    let other = migrator(&table, &list);
    let error = other.up(never()).await.unwrap_err().to_string();
    assert!(error.contains("another one (mark) has that number"), "{error}");
    assert_eq!(
        other.preview().await.unwrap_err().to_string(),
        error,
        "the dry run"
    );
    let status = other.status().await.unwrap().to_string();
    assert!(status.contains("its number is taken by \"mark\""), "{status}");
    assert_eq!(record(&table).await, before);

    // What the message asks for; and where it is said why.
    let list = [Migration::expand(1, "mark"), Migration::expand(2, "other")];
    let report = migrator(&table, &list).up(never()).await.unwrap();
    assert_eq!(report.applied[0].version, 2);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/MIGRATIONS.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, heading) = error.split_once("docs/MIGRATIONS.md, \"").unwrap();
    let (heading, _) = heading.split_once('"').unwrap();
    assert!(page.contains(&format!("\n### {heading}\n")), "{heading}");
}
