//! Walks over all messages of a table, page by page, and brings each to a new form.

use std::num::NonZeroU32;
use std::pin::pin;

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::limiter::RateLimiter;
use super::lock::Lock;
use super::progress::Progress;
use super::record::{Checkpoint, SCHEMA_ITEM};
use super::{Counts, Migration};
use crate::dynamodb::Table;
use crate::store::{Item, text};

/// Items of one answer, and of one checkpoint. At the largest message well below the 1 MB at which
/// `DynamoDB` cuts an answer.
const PAGE_SIZE: i32 = 200;
/// Writes under way at once. One after the other, a million items would take more than an hour.
const WRITES: usize = 16;
/// A message that somebody else changes more often than this, each time between two requests, is no
/// accident.
const TRIES: u32 = 10;

/// Some messages, and where the next ones begin.
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// `None` on the last page.
    pub(super) position: Option<Item>,
}

impl Page {
    /// The messages after `position`, read consistently; the schema record is left out. May be
    /// empty and not the last.
    pub(super) async fn read(table: &Table, position: Option<Item>) -> Result<Self> {
        let page = table
            .client
            .scan()
            .table_name(&table.name)
            .consistent_read(true)
            .limit(PAGE_SIZE)
            .set_exclusive_start_key(position)
            .send()
            .await
            .with_context(|| format!("scan table {}", table.name))?;
        let mut items = page.items.unwrap_or_default();
        items.retain(|item| text(item, "uuid") != Some(SCHEMA_ITEM));
        Ok(Self {
            items,
            position: page.last_evaluated_key,
        })
    }
}

/// Brings all messages to the form of `migration`, from the checkpoint on if there is one. The
/// counts include what was done before the checkpoint.
pub(super) async fn backfill(
    table: &Table,
    lock: &Lock,
    migration: &Migration,
    from: Option<Checkpoint>,
    items_per_second: Option<NonZeroU32>,
) -> Result<Counts> {
    let (mut counts, mut position) = match from {
        Some(checkpoint) => (checkpoint.counts, Some(checkpoint.position)),
        None => (Counts::default(), None),
    };
    let mut progress = Progress::new(migration, counts, item_count(table).await);
    let mut limiter = RateLimiter::new(items_per_second);
    loop {
        let page = Page::read(table, position).await?;
        let writes = stream::iter(page.items).map(|item| {
            let turn = limiter.turn();
            async {
                turn.await;
                bring_to_form(table, migration, item).await
            }
        });
        let mut writes = pin!(writes.buffer_unordered(WRITES));
        while let Some(changed) = writes.try_next().await? {
            counts.seen += 1;
            counts.changed += u64::from(changed);
            progress.tell(counts);
        }
        let Some(reached) = page.position else {
            return Ok(counts);
        };
        // Only now: a checkpoint says that everything before it is written.
        lock.reach(&Checkpoint {
            version: migration.version,
            name: migration.name.to_owned(),
            counts,
            position: reached.clone(),
        })
        .await?;
        position = Some(reached);
    }
}

/// Counts what each of `migrations` would change, each meeting the items as those before it would
/// leave them. Writes nothing.
pub(super) async fn preview(
    table: &Table,
    migrations: &[Migration],
    items_per_second: Option<NonZeroU32>,
) -> Result<Vec<Counts>> {
    let mut counts = vec![Counts::default(); migrations.len()];
    if !migrations.iter().any(Migration::walks_over_items) {
        return Ok(counts);
    }
    let mut limiter = RateLimiter::new(items_per_second);
    let mut position = None;
    loop {
        let page = Page::read(table, position).await?;
        for mut item in page.items {
            limiter.turn().await;
            for (migration, counts) in migrations.iter().zip(&mut counts) {
                counts.seen += u64::from(migration.walks_over_items());
                if let Some(change) = migration.change(&item).with_context(|| name(table, &item))? {
                    counts.changed += 1;
                    item = change.applied(&item);
                }
            }
        }
        position = page.position;
        if position.is_none() {
            return Ok(counts);
        }
    }
}

/// Writes one item in its new form, unless it has it. Whoever changes the item meanwhile wins: then
/// the item as it is by then is looked at anew.
async fn bring_to_form(table: &Table, migration: &Migration, item: Item) -> Result<bool> {
    let name = name(table, &item);
    let mut item = item;
    for _ in 0..TRIES {
        let Some(change) = migration.change(&item).with_context(|| name.clone())? else {
            return Ok(false);
        };
        let Err(error) = change.write(table, &item).send().await else {
            return Ok(true);
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(now)) => match now.item() {
                Some(now) => item.clone_from(now),
                // Deleted since it was read.
                None => return Ok(false),
            },
            _ => return Err(error).context(name),
        }
    }
    bail!("{name} was changed by somebody else {TRIES} times in a row")
}

fn name(table: &Table, item: &Item) -> String {
    format!(
        "item {} of table {}",
        text(item, "uuid").unwrap_or_default(),
        table.name
    )
}

/// About how many items the table has: `DynamoDB` counts every six hours. `None` where the role may
/// not ask.
async fn item_count(table: &Table) -> Option<u64> {
    let described = table.client.describe_table().table_name(&table.name).send().await;
    let count = described.ok()?.table()?.item_count()?;
    u64::try_from(count).ok().filter(|count| *count > 0)
}
