//! Messages in the table: listed through the index `newest`, each write conditional.
//!
//! Knows nothing of HTTP. There is no trait in front: the tests run this very code on an embedded
//! `DynamoDB`.
//!
//! The SDK sends a call again when its answer got lost, so a condition may fail because of the
//! call's own first try. A post and an edit leave a `write_id` of their own in the item and
//! recognize it, a delete counts its tries: all are safe to send again.

mod attempts;
mod cursor;
mod error;
mod expected;
mod item;

use api::{Message, MessageList, NewMessage};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};
use uuid::Uuid;

use crate::dynamodb::Table;
use attempts::Attempts;
pub use error::StoreError;
pub(crate) use error::unavailable;
pub use expected::Expected;
use expected::condition;
pub(crate) use item::{BOARD, Item, text};

const INDEX: &str = "newest";

/// Identities of messages posted with an idempotency key are made of the key, within this
/// namespace.
const KEYS: Uuid = Uuid::from_u128(0x2f0c_3a5e_9d41_4b86_8c53_7f1e_64d2_b09a);

/// Microseconds, always six digits: as text the instants must sort like the instants.
const INSTANT: EncodedConfig = Config::DEFAULT
    .set_time_precision(TimePrecision::Second {
        decimal_digits: std::num::NonZero::new(6),
    })
    .encode();

/// A message that was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// As it is now.
    pub message: Message,
    /// It was posted earlier, with the same idempotency key.
    pub replayed: bool,
}

/// The messages of one table.
#[derive(Clone, Debug)]
pub struct Store {
    table: Table,
    clock: Clock,
}

/// What tells the instant of a write.
pub type Clock = fn() -> OffsetDateTime;

impl Store {
    /// The messages in `table`.
    pub fn new(table: Table) -> Self {
        Self::with_clock(table, OffsetDateTime::now_utc)
    }

    /// The same by another clock, such as one that stands.
    pub fn with_clock(table: Table, clock: Clock) -> Self {
        Self { table, clock }
    }

    /// The table itself, for what is not a message.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// One page of at most `limit` messages, newest first; `before` is the `next` of the page read
    /// last.
    pub async fn newest(&self, limit: u32, before: Option<&str>) -> Result<MessageList, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        // One more than asked for: without it a last page that is full would lead to an empty one.
        let read = i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX);
        let page = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX)
            .key_condition_expression("#board = :board")
            .expression_attribute_names("#board", "board")
            .expression_attribute_values(":board", AttributeValue::S(BOARD.into()))
            .scan_index_forward(false)
            .limit(read)
            .set_exclusive_start_key(before.map(cursor::read).transpose()?)
            .send()
            .await
            .map_err(unavailable("list messages"))?;
        let items = page.items();
        let (items, last) = match items.get(..limit) {
            Some(full) if items.len() > limit => (full, full.last()),
            _ => (items, page.last_evaluated_key()),
        };
        Ok(MessageList {
            messages: items.iter().filter_map(item::message).collect(),
            next: last.and_then(cursor::write),
        })
    }

    /// The message `uuid`, read consistently: whoever was told that it was posted finds it.
    pub async fn get(&self, uuid: &str) -> Result<Message, StoreError> {
        let answer = self
            .table
            .client
            .get_item()
            .table_name(&self.table.name)
            .key("uuid", AttributeValue::S(uuid.into()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable("read a message"))?;
        answer.item().and_then(found).ok_or(StoreError::NotFound)
    }

    /// Stores a message; with a `key` once, however often it is posted. Does not check it: that is
    /// the API's business.
    pub async fn post(&self, new: NewMessage, key: Option<&str>) -> Result<Posted, StoreError> {
        let posted_hash = item::posted_hash(&new);
        let uuid = key.map_or_else(Uuid::new_v4, |key| Uuid::new_v5(&KEYS, key.as_bytes()));
        let message = Message {
            uuid: uuid.to_string(),
            author: new.author,
            text: new.text,
            posted_at: self.now(),
            edited_at: None,
            revision: Message::FIRST_REVISION,
        };
        let write_id = Uuid::new_v4().to_string();
        let put = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item::of(&message, &posted_hash, &write_id)))
            .condition_expression("attribute_not_exists(#uuid)")
            .expression_attribute_names("#uuid", "uuid")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else {
            let replayed = false;
            return Ok(Posted { message, replayed });
        };
        let Some(PutItemError::ConditionalCheckFailedException(old)) = error.as_service_error() else {
            return Err(unavailable("store a message")(error));
        };
        match old.item() {
            Some(old) if text(old, "posted_hash") == Some(&posted_hash) => {
                let stands = found(old).ok_or_else(|| StoreError::KeyUsed(message.uuid.clone()))?;
                Ok(Posted {
                    replayed: text(old, "write_id") != Some(&write_id),
                    message: stands,
                })
            }
            _ => Err(StoreError::KeyUsed(message.uuid)),
        }
    }

    /// Gives the message `uuid` another author and text, at the revisions `expected` only; answers
    /// it as it is then.
    pub async fn edit(
        &self,
        uuid: &str,
        new: &NewMessage,
        expected: &Expected,
    ) -> Result<Message, StoreError> {
        let write_id = Uuid::new_v4().to_string();
        let (condition, revisions) = condition(expected);
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("uuid", AttributeValue::S(uuid.into()))
            .update_expression(
                "SET #author = :author, #text = :text, #edited_at = :edited_at, \
                 #write_id = :write_id, #revision = if_not_exists(#revision, :first) + :step",
            )
            // The call's own first try must not count as two edits.
            .condition_expression(format!("{condition} AND NOT #write_id = :write_id"))
            .expression_attribute_names("#author", "author")
            .expression_attribute_names("#text", "text")
            .expression_attribute_names("#edited_at", "edited_at")
            .expression_attribute_names("#write_id", "write_id")
            .expression_attribute_names("#revision", "revision")
            .expression_attribute_names("#posted_at", "posted_at")
            .set_expression_attribute_values(Some(revisions))
            .expression_attribute_values(":author", AttributeValue::S(new.author.clone()))
            .expression_attribute_values(":text", AttributeValue::S(new.text.clone()))
            .expression_attribute_values(":edited_at", AttributeValue::S(self.now()))
            .expression_attribute_values(":write_id", AttributeValue::S(write_id.clone()))
            .expression_attribute_values(":first", AttributeValue::N(Message::FIRST_REVISION.to_string()))
            .expression_attribute_values(":step", AttributeValue::N("1".into()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let error = match update {
            Ok(done) => return done.attributes().and_then(found).ok_or(StoreError::NotFound),
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(old)) = error.as_service_error() else {
            return Err(unavailable("change a message")(error));
        };
        let own = old.item().and_then(|old| text(old, "write_id")) == Some(&write_id);
        match old.item().and_then(found) {
            None => Err(StoreError::NotFound),
            Some(stands) if own => Ok(stands),
            Some(stands) => Err(StoreError::Changed(stands.revision)),
        }
    }

    /// Removes the message `uuid`, at the revisions `expected` only.
    pub async fn delete(&self, uuid: &str, expected: &Expected) -> Result<(), StoreError> {
        let attempts = Attempts::default();
        let (condition, revisions) = condition(expected);
        let delete = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .key("uuid", AttributeValue::S(uuid.into()))
            .condition_expression(condition)
            .expression_attribute_names("#posted_at", "posted_at")
            .set_expression_attribute_values(Some(revisions).filter(|revisions| !revisions.is_empty()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let delete = match expected {
            Expected::Any => delete,
            Expected::Revisions(_) => delete.expression_attribute_names("#revision", "revision"),
        };
        let sent = delete.customize().interceptor(attempts.clone()).send().await;
        let Err(error) = sent else {
            return Ok(());
        };
        let Some(DeleteItemError::ConditionalCheckFailedException(old)) = error.as_service_error() else {
            return Err(unavailable("delete a message")(error));
        };
        match old.item().and_then(found) {
            // An earlier try of this call may have removed it, and its answer got lost.
            None if attempts.were_several() => Ok(()),
            None => Err(StoreError::NotFound),
            Some(stands) => Err(StoreError::Changed(stands.revision)),
        }
    }

    fn now(&self) -> String {
        (self.clock)()
            .format(&Iso8601::<INSTANT>)
            .expect("an instant of this age of the world has a four-digit year")
    }
}

/// The message in an item that was asked for by its key; `None` for the schema record, which has a
/// key too.
fn found(item: &Item) -> Option<Message> {
    item.contains_key("posted_at")
        .then(|| item::message(item))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_one_width() {
        let written = OffsetDateTime::UNIX_EPOCH.format(&Iso8601::<INSTANT>).unwrap();
        assert_eq!(written, "1970-01-01T00:00:00.000000Z");
    }
}
