//! What every backfill needs: all messages page by page, and a conditional write of one of them.

use anyhow::{Context, Result};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::lock::SCHEMA_ITEM;
use crate::dynamodb::Table;
use crate::store::{Item, text};

/// Small enough for one answer well within the client's timeout.
const PAGE_SIZE: i32 = 100;

/// Walks over all messages, reading consistently; the schema record is left out.
pub(super) struct Pages<'a> {
    table: &'a Table,
    next: Option<Item>,
    done: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        Self {
            table,
            next: None,
            done: false,
        }
    }

    /// The next page, which may be empty; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Item>>> {
        if self.done {
            return Ok(None);
        }
        let page = self
            .table
            .client
            .scan()
            .table_name(&self.table.name)
            .consistent_read(true)
            .limit(PAGE_SIZE)
            .set_exclusive_start_key(self.next.take())
            .send()
            .await
            .with_context(|| format!("scan table {}", self.table.name))?;
        self.next = page.last_evaluated_key;
        self.done = self.next.is_none();
        let mut items = page.items.unwrap_or_default();
        items.retain(|item| text(item, "uuid") != Some(SCHEMA_ITEM));
        Ok(Some(items))
    }
}

/// Sends `update` for one item; `false` when its condition no longer holds, because somebody else was faster.
pub(super) async fn update_if(table: &Table, uuid: &str, update: UpdateItemFluentBuilder) -> Result<bool> {
    let sent = update
        .table_name(&table.name)
        .key("uuid", AttributeValue::S(uuid.to_owned()))
        .send()
        .await;
    match sent {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(error).with_context(|| format!("update item {uuid} of table {}", table.name)),
        },
    }
}
