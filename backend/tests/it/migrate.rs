//! Migrations on tables in every state they can be met in.

mod interrupted;
mod newest;
mod operator;
mod phases;
mod previous_release;
mod races;
mod throttled;

use std::collections::HashMap;
use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use backend::dynamodb::Table;
use backend::migrate::{Change, Migration, Migrator, Record};
use backend::store::Store;

use crate::support::PATIENCE;

/// More than a page of a walk.
const MANY: usize = 300;

/// Marks every message, so that a test sees which ones were reached.
const MARK: Migration = Migration::backfill(1, "mark", |item| {
    Ok((!item.contains_key("mark")).then(|| Change::new().set_text("mark", "x")))
});

/// `migrations` on `table`, without a limit on the speed.
fn migrator<'a>(table: &'a Table, migrations: &'a [Migration]) -> Migrator<'a> {
    Migrator::new(table, migrations, PATIENCE)
}

/// The same, slow enough to be met at work: a second is left after the first page.
fn slowly<'a>(table: &'a Table, migrations: &'a [Migration]) -> Migrator<'a> {
    Migrator {
        items_per_second: NonZeroU32::new(100),
        ..migrator(table, migrations)
    }
}

/// Writes `count` messages as they were before schema 2: without `board`.
async fn fill(table: &Table, count: usize) {
    let message = |number: usize| {
        let attributes = [
            ("uuid", format!("old-{number:04}")),
            ("author", "Ada".to_owned()),
            ("text", "before".to_owned()),
            ("posted_at", format!("2025-01-01T00:00:00.{number:06}Z")),
        ];
        attributes.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
    };
    let messages: Vec<_> = (0..count)
        .map(|number| {
            PutRequest::builder()
                .set_item(Some(message(number).into()))
                .build()
                .unwrap()
        })
        .map(|put| WriteRequest::builder().put_request(put).build())
        .collect();
    // As many as one request takes.
    for batch in messages.chunks(25) {
        let written = table
            .client
            .batch_write_item()
            .request_items(&table.name, batch.to_vec())
            .send()
            .await;
        let left = written.unwrap().unprocessed_items.unwrap_or_default();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// No signal asks the run to stop.
fn never() -> std::future::Pending<()> {
    std::future::pending()
}

async fn record(table: &Table) -> Record {
    Record::read(table).await.unwrap()
}

/// All items but the record, unordered.
async fn items(table: &Table) -> Vec<HashMap<String, AttributeValue>> {
    let mut pages = table
        .client
        .scan()
        .table_name(&table.name)
        .into_paginator()
        .items()
        .send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        items.push(item.unwrap());
    }
    items.retain(|item| item["uuid"] != AttributeValue::S("_schema".into()));
    items
}

/// How many items have attribute `name`.
async fn with(table: &Table, name: &str) -> usize {
    items(table)
        .await
        .iter()
        .filter(|item| item.contains_key(name))
        .count()
}

/// How many messages the API lists.
async fn listed(table: &Table) -> usize {
    let store = Store::new(table.clone());
    let (mut count, mut before) = (0, None);
    loop {
        let page = store.newest(100, before.as_deref()).await.unwrap();
        count += page.messages.len();
        before = page.next;
        if before.is_none() {
            return count;
        }
    }
}

/// Sets a number in the record, past the migrator.
async fn set_in_record(table: &Table, attribute: &str, number: u64) {
    table
        .client
        .update_item()
        .table_name(&table.name)
        .key("uuid", AttributeValue::S("_schema".into()))
        .update_expression("SET #attribute = :number")
        .expression_attribute_names("#attribute", attribute)
        .expression_attribute_values(":number", AttributeValue::N(number.to_string()))
        .send()
        .await
        .unwrap();
}
