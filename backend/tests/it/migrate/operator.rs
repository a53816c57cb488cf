//! What a person sees: the status, and a run that only counts.

use backend::migrate::{Change, Counts, Migration, Record};

use super::{MARK, fill, items, migrator, never, record, set_in_record};
use crate::support::{empty_table, put_raw};

const COPY: Migration = Migration::backfill(2, "copy", |item| {
    let Some(mark) = item.get("mark") else {
        return Ok(None);
    };
    Ok((!item.contains_key("copy")).then(|| Change::new().set("copy", mark.clone())))
});

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing() {
    let table = empty_table().await;
    fill(&table, 300).await;
    put_raw(&table, &[("uuid", "done"), ("mark", "x")]).await;
    let before = items(&table).await;

    let migrations = [MARK, COPY];
    let preview = migrator(&table, &migrations).preview().await.unwrap();

    let counts: Vec<_> = preview.now.iter().map(|(_, counts)| *counts).collect();
    let changed = |changed| Counts { seen: 301, changed };
    // The second meets the items as the first would leave them.
    assert_eq!(counts, [changed(300), changed(301)]);
    let printed = preview.to_string();
    assert!(
        printed.contains("mark                  would change 300 of 301 items"),
        "{printed}"
    );
    assert!(items(&table).await.iter().all(|item| before.contains(item)));
    assert_eq!(record(&table).await, Record::default());
}

#[tokio::test]
async fn a_dry_run_does_not_mind_a_migrator_at_work() {
    let table = empty_table().await;
    put_raw(&table, &[("uuid", "_schema"), ("lock_owner", "somebody")]).await;
    set_in_record(&table, "lock_until", 99_999_999_999_999).await;
    let before = record(&table).await;
    migrator(&table, &[MARK]).preview().await.unwrap();
    assert_eq!(record(&table).await, before);
}

#[tokio::test]
async fn a_dry_run_refuses_what_a_run_refuses() {
    let table = empty_table().await;
    migrator(&table, &[MARK]).up(never()).await.unwrap();
    set_in_record(&table, "min_reader", 2).await;
    let dry = migrator(&table, &[MARK]).preview().await.unwrap_err();
    let wet = migrator(&table, &[MARK]).up(never()).await.unwrap_err();
    assert_eq!(format!("{dry:#}"), format!("{wet:#}"));
}

#[tokio::test]
async fn the_status_tells_what_is_done_and_what_is_not() {
    let table = empty_table().await;
    fill(&table, 3).await;
    let migrations = [MARK, COPY];
    let fresh = migrator(&table, &migrations).status().await.unwrap().to_string();
    assert!(fresh.contains("is at schema 0; this code needs 2"), "{fresh}");
    assert!(
        fresh.contains("   1  backfill  mark                  missing"),
        "{fresh}"
    );
    assert!(fresh.ends_with("no migrator has the lock"), "{fresh}");

    migrator(&table, &[MARK]).up(never()).await.unwrap();
    let half = migrator(&table, &migrations).status().await.unwrap().to_string();
    assert!(half.contains("is at schema 1; this code needs 2"), "{half}");
    assert!(
        half.contains("Z, 3 seen, 3 changed\n   2  backfill  copy                  missing"),
        "{half}"
    );
}
