//! A message as an item of the table.

use std::collections::HashMap;

use api::{Message, NewMessage};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

/// Attributes of one item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The one partition of the index: the board is small, and newest-first over all messages needs a
/// single partition.
pub(crate) const BOARD: &str = "main";

/// The string in attribute `name`.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// What somebody posted, in short: stays as it is when the message is edited.
pub(super) fn posted_hash(new: &NewMessage) -> String {
    let mut hash = Sha256::new();
    // The length keeps the end of the author apart from the beginning of the text.
    hash.update(u64::try_from(new.author.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(&new.author);
    hash.update(&new.text);
    BASE64_STANDARD_NO_PAD.encode(hash.finalize())
}

/// The item of a message that is posted by the write `write_id`.
pub(super) fn of(message: &Message, posted_hash: &str, write_id: &str) -> Item {
    let texts = [
        ("uuid", message.uuid.as_str()),
        ("author", &message.author),
        ("text", &message.text),
        ("posted_at", &message.posted_at),
        ("board", BOARD),
        ("posted_hash", posted_hash),
        ("write_id", write_id),
    ];
    texts
        .map(|(name, value)| (name, AttributeValue::S(value.to_owned())))
        .into_iter()
        .chain([("revision", AttributeValue::N(message.revision.to_string()))])
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// `None` for an item that is no message: one such item must not take the board down.
pub(super) fn message(item: &Item) -> Option<Message> {
    let attribute = |name| text(item, name).map(str::to_owned);
    // What addresses, headers and events have to carry.
    let token = |name| attribute(name).filter(|value| value.bytes().all(|byte| byte.is_ascii_graphic()));
    let message = || {
        Some(Message {
            uuid: token("uuid")?,
            author: attribute("author")?,
            text: attribute("text")?,
            posted_at: token("posted_at")?,
            edited_at: token("edited_at"),
            revision: match item.get("revision") {
                Some(revision) => revision.as_n().ok()?.parse().ok()?,
                // From before revisions were counted.
                None => Message::FIRST_REVISION,
            },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_gives_its_message_back() {
        let message_in = Message {
            uuid: "u".into(),
            author: "a".into(),
            text: "t".into(),
            posted_at: "p".into(),
            edited_at: None,
            revision: 1,
        };
        let mut item = of(&message_in, "h", "w");
        assert_eq!(message(&item), Some(message_in.clone()));
        item.remove("revision");
        assert_eq!(message(&item), Some(message_in));
        item.insert("revision".into(), AttributeValue::S("x".into()));
        assert_eq!(message(&item), None);
    }

    #[test]
    fn an_item_that_no_event_can_name_is_no_message() {
        let message_in = Message {
            uuid: "u".into(),
            author: "\0".into(),
            text: "\n".into(),
            posted_at: "p".into(),
            edited_at: Some("e".into()),
            revision: 1,
        };
        let item = of(&message_in, "h", "w");
        assert!(message(&item).is_some());
        for name in ["uuid", "posted_at"] {
            for bad in ["\0", "a\nb", "a\r", "a b", "ä"] {
                let mut item = item.clone();
                item.insert(name.into(), AttributeValue::S(bad.into()));
                assert_eq!(message(&item), None, "{name} {bad:?}");
            }
        }
    }

    #[test]
    fn the_hash_tells_author_from_text() {
        let new = |author: &str, text: &str| NewMessage {
            author: author.into(),
            text: text.into(),
        };
        assert_eq!(posted_hash(&new("ab", "c")), posted_hash(&new("ab", "c")));
        assert_ne!(posted_hash(&new("ab", "c")), posted_hash(&new("a", "bc")));
    }
}
