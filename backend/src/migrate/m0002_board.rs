//! Schema 2: every message has `board`, the partition of the index `newest`; without it the index does not list it.

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;

use super::{Counts, Lock, Migration, pages::Pages, pages::update_if};
use crate::dynamodb::Table;
use crate::store::{BOARD, text};

pub(super) const MIGRATION: Migration = Migration {
    version: 2,
    name: "board",
    apply: |table, lock| Box::pin(apply(table, lock)),
};

async fn apply(table: &Table, lock: &mut Lock) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut pages = Pages::new(table);
    while let Some(items) = pages.next().await? {
        for item in items {
            lock.keep().await?;
            counts.seen += 1;
            if item.contains_key("board") {
                continue;
            }
            let uuid = text(&item, "uuid").context("an item has no uuid")?;
            let update = table
                .client
                .update_item()
                .update_expression("SET #board = :board")
                .condition_expression("attribute_exists(#uuid) AND attribute_not_exists(#board)")
                .expression_attribute_names("#uuid", "uuid")
                .expression_attribute_names("#board", "board")
                .expression_attribute_values(":board", AttributeValue::S(BOARD.into()));
            counts.changed += u64::from(update_if(table, uuid, update).await?);
        }
    }
    Ok(counts)
}
