//! Two migrators at once, and servers that write while one is at work.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use backend::dynamodb::Table;
use backend::migrate::{Change, Migration, Patience, Report};

use super::{MANY, MARK, fill, items, migrator, never, record, set_in_record, slowly, with};
use crate::support::{PATIENCE, empty_table, put_raw};

#[tokio::test]
async fn of_two_migrators_one_works_and_the_other_finds_it_done() {
    let table = empty_table().await;
    fill(&table, MANY).await;
    let migrations = [MARK];
    let (one, other) = (slowly(&table, &migrations), slowly(&table, &migrations));
    let (one, other) = tokio::join!(one.up(never()), other.up(never()));
    let mut reports = [one.unwrap(), other.unwrap()];
    reports.sort_by_key(|report| report.applied.len());
    assert_eq!(reports[0], Report::default());
    assert_eq!(reports[1].applied[0].counts.changed, MANY as u64);
    assert_eq!(with(&table, "mark").await, MANY);
    assert_eq!(record(&table).await.holder, None);
}

#[tokio::test]
async fn a_held_lock_is_waited_for_no_longer_than_allowed() {
    let table = empty_table().await;
    hold_for_ever(&table).await;
    let mut migrator = migrator(&table, &[MARK]);
    migrator.patience.wait = Duration::from_secs(1);
    let error = migrator.up(never()).await.unwrap_err().to_string();
    assert!(
        error.contains("another migrator (somebody) still holds the lock"),
        "{error}"
    );
}

#[tokio::test]
async fn a_silent_holder_loses_the_lock_though_its_clock_says_otherwise() {
    let table = empty_table().await;
    fill(&table, 3).await;
    hold_for_ever(&table).await;
    let mut migrator = migrator(&table, &[MARK]);
    migrator.patience.lease = Duration::from_secs(1);
    let report = migrator.up(never()).await.unwrap();
    assert_eq!(report.applied[0].counts.changed, 3);
}

#[tokio::test]
async fn a_holder_at_work_keeps_the_lock_for_many_leases() {
    let table = empty_table().await;
    fill(&table, 100).await;
    let patience = Patience {
        lease: Duration::from_millis(1500),
        ..PATIENCE
    };
    let migrations = [MARK];
    let mut slow = slowly(&table, &migrations);
    slow.items_per_second = NonZeroU32::new(20);
    slow.patience = patience;
    let mut second = migrator(&table, &migrations);
    second.patience = Patience {
        // Less than the first one takes.
        wait: Duration::from_secs(2),
        ..patience
    };
    let waiting = async {
        while record(&table).await.holder.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        second.up(never()).await
    };
    let (first, second) = tokio::join!(slow.up(never()), waiting);
    assert_eq!(first.unwrap().applied.len(), 1);
    assert_eq!(second.unwrap(), Report::default());
}

#[tokio::test]
async fn who_lost_the_lock_stops_and_records_nothing() {
    let table = empty_table().await;
    fill(&table, MANY).await;
    let migrations = [MARK];
    let mut robbed = slowly(&table, &migrations);
    robbed.patience.lease = Duration::from_secs(3);
    let thief = async {
        while record(&table).await.holder.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        hold_for_ever(&table).await;
    };
    let (report, ()) = tokio::join!(robbed.up(never()), thief);
    let error = report.unwrap_err().to_string();
    assert!(error.contains("lost the lock"), "{error}");
    let record = record(&table).await;
    assert_eq!((record.version, record.checkpoint), (0, None));
    assert_eq!(record.holder.unwrap().owner, "somebody");
}

/// The walk has read all items at once and writes them one by one; a server changes those it has
/// not come to yet.
#[tokio::test]
async fn writes_of_servers_are_never_overwritten() {
    const UPPER: Migration = Migration::backfill(1, "upper", |item| {
        let text = text(item, "text");
        let upper = text.to_uppercase();
        Ok((upper != text).then(|| Change::new().set_text("text", upper)))
    });
    let table = empty_table().await;
    fill(&table, 50).await;
    let server = async {
        while texts(&table).await.values().all(|text| text == "before") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let texts = texts(&table).await;
        let mut ahead = texts
            .into_iter()
            .filter(|(_, text)| text == "before")
            .map(|(uuid, _)| uuid);
        let deleted = ahead.next().unwrap();
        delete(&table, &deleted).await;
        let edited: Vec<_> = ahead.collect();
        for uuid in &edited {
            put_raw(&table, &[("uuid", uuid), ("text", "edited")]).await;
        }
        (deleted, edited)
    };
    let migrations = [UPPER];
    let mut slow = slowly(&table, &migrations);
    slow.items_per_second = NonZeroU32::new(25);
    let (report, (deleted, edited)) = tokio::join!(slow.up(never()), server);
    report.unwrap();

    let texts = texts(&table).await;
    assert!(!texts.contains_key(&deleted), "the deleted item is back");
    let of_edited: Vec<_> = edited.iter().map(|uuid| texts[uuid].as_str()).collect();
    assert!(
        of_edited.iter().all(|text| text.eq_ignore_ascii_case("edited")),
        "{of_edited:?}"
    );
    assert!(
        of_edited.contains(&"EDITED"),
        "the walk met no edited item: {of_edited:?}"
    );
}

/// The text of each item.
async fn texts(table: &Table) -> HashMap<String, String> {
    let items = items(table).await;
    items
        .iter()
        .map(|item| (text(item, "uuid").to_owned(), text(item, "text").to_owned()))
        .collect()
}

fn text<'a>(item: &'a HashMap<String, AttributeValue>, name: &str) -> &'a str {
    item[name].as_s().unwrap()
}

async fn delete(table: &Table, uuid: &str) {
    table
        .client
        .delete_item()
        .table_name(&table.name)
        .key("uuid", AttributeValue::S(uuid.into()))
        .send()
        .await
        .unwrap();
}

async fn hold_for_ever(table: &Table) {
    put_raw(table, &[("uuid", "_schema"), ("lock_owner", "somebody")]).await;
    set_in_record(table, "lock_until", 99_999_999_999_999).await;
}
