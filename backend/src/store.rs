//! Messages in the table: lists them through the index `newest`, writes one by a conditional put.
//!
//! Knows nothing of HTTP. There is no trait in front: the tests run this very code on an embedded `DynamoDB`.

use std::collections::HashMap;

use api::{Message, MessageList, NewMessage};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};
use uuid::Uuid;

use crate::dynamodb::Table;

/// Attributes of one item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The one partition of the index: the board is small, and newest-first over all messages needs a single partition.
pub(crate) const BOARD: &str = "main";

const INDEX: &str = "newest";
const PAGE_SIZE: i32 = 100;

/// Microseconds, always six digits: as text the instants must sort like the instants.
const INSTANT: EncodedConfig = Config::DEFAULT
    .set_time_precision(TimePrecision::Second {
        decimal_digits: std::num::NonZero::new(6),
    })
    .encode();

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The table did not answer, or refused.
    #[error("cannot {doing}")]
    Unavailable {
        /// What was tried.
        doing: &'static str,
        /// What the SDK says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another item has the identity of a new message.
    #[error("message {0} exists already")]
    Taken(String),
    /// A cursor that no page carried.
    #[error("cursor {0:?} is not one that a page of messages carried")]
    Cursor(String),
}

/// The messages of one table.
#[derive(Clone, Debug)]
pub struct Store {
    table: Table,
}

impl Store {
    /// The messages in `table`.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The table itself, for what is not a message.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// One page, newest first; `before` is the `next` of the page read last.
    pub async fn newest(&self, before: Option<&str>) -> Result<MessageList, StoreError> {
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
            .limit(PAGE_SIZE)
            .set_exclusive_start_key(before.map(start_key).transpose()?)
            .send()
            .await
            .map_err(unavailable("list messages"))?;
        let next = page.last_evaluated_key().and_then(cursor);
        Ok(MessageList {
            messages: page.items().iter().filter_map(readable).collect(),
            next,
        })
    }

    /// Stores a message under a new identity. Does not check it: that is the API's business.
    pub async fn post(&self, new: NewMessage) -> Result<Message, StoreError> {
        let message = Message {
            uuid: Uuid::new_v4().to_string(),
            author: new.author,
            text: new.text,
            posted_at: now(),
            edited_at: None,
            revision: Message::FIRST_REVISION,
        };
        self.put(&message).await?;
        Ok(message)
    }

    /// Writes `message` unless another one has its identity; the same message twice is one message.
    pub async fn put(&self, message: &Message) -> Result<(), StoreError> {
        let item = to_item(message);
        let put = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item.clone()))
            .condition_expression("attribute_not_exists(#uuid)")
            .expression_attribute_names("#uuid", "uuid")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                // The SDK tried again after an answer got lost: what stands there is what this call wrote.
                Some(PutItemError::ConditionalCheckFailedException(old)) if old.item() == Some(&item) => {
                    Ok(())
                }
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    Err(StoreError::Taken(message.uuid.clone()))
                }
                _ => Err(unavailable("store a message")(error)),
            },
        }
    }
}

/// Wraps an SDK error with what was tried.
pub(crate) fn unavailable<E, R>(doing: &'static str) -> impl FnOnce(SdkError<E, R>) -> StoreError
where
    SdkError<E, R>: std::error::Error + Send + Sync + 'static,
{
    move |error| StoreError::Unavailable {
        doing,
        source: Box::new(error),
    }
}

fn now() -> String {
    OffsetDateTime::now_utc()
        .format(&Iso8601::<INSTANT>)
        .expect("an instant of this age of the world has a four-digit year")
}

fn to_item(message: &Message) -> Item {
    [
        ("uuid", &message.uuid),
        ("author", &message.author),
        ("text", &message.text),
        ("posted_at", &message.posted_at),
        ("board", &BOARD.to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.clone())))
    .collect()
}

/// `None` for an item that is no message: one such item must not take the board down.
fn readable(item: &Item) -> Option<Message> {
    let attribute = |name| text(item, name).map(str::to_owned);
    let message = || {
        Some(Message {
            uuid: attribute("uuid")?,
            author: attribute("author")?,
            text: attribute("text")?,
            posted_at: attribute("posted_at")?,
            edited_at: attribute("edited_at"),
            revision: Message::FIRST_REVISION,
        })
    };
    let message = message();
    if message.is_none() {
        tracing::warn!(
            uuid = text(item, "uuid"),
            "an item of the board is no message and is left out"
        );
    }
    message
}

/// The string in attribute `name`.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn cursor(key: &Item) -> Option<String> {
    Some(format!("{}_{}", text(key, "posted_at")?, text(key, "uuid")?))
}

fn start_key(cursor: &str) -> Result<Item, StoreError> {
    let (posted_at, uuid) = cursor
        .split_once('_')
        .ok_or_else(|| StoreError::Cursor(cursor.to_owned()))?;
    if posted_at.is_empty() || uuid.is_empty() {
        return Err(StoreError::Cursor(cursor.to_owned()));
    }
    Ok([("board", BOARD), ("posted_at", posted_at), ("uuid", uuid)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_one_width() {
        let written = OffsetDateTime::UNIX_EPOCH.format(&Iso8601::<INSTANT>).unwrap();
        assert_eq!(written, "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn cursor_round_trips_and_refuses_noise() {
        let key = start_key("1970-01-01T00:00:00.000000Z_u-1").unwrap();
        assert_eq!(cursor(&key).unwrap(), "1970-01-01T00:00:00.000000Z_u-1");
        for noise in ["", "_", "x", "_x", "x_"] {
            assert!(
                matches!(start_key(noise), Err(StoreError::Cursor(_))),
                "{noise:?}"
            );
        }
    }
}
