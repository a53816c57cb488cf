//! Where a page ended, as text that only this module reads: base64url of the last message's instant
//! and identity.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::StoreError;
use super::item::{BOARD, Item, text};

/// `DynamoDB` refuses keys beyond 1 kB; what pages carry is far shorter.
const LONGEST: usize = 256;

/// The cursor after `item`, which may be a whole item or a key of the index.
pub(super) fn write(item: &Item) -> Option<String> {
    let position = format!("{}_{}", text(item, "posted_at")?, text(item, "uuid")?);
    Some(BASE64_URL_SAFE_NO_PAD.encode(position))
}

/// The key of the index after which the next page begins.
pub(super) fn read(cursor: &str) -> Result<Item, StoreError> {
    position(cursor)
        .and_then(|position| {
            let (posted_at, uuid) = position.split_once('_')?;
            let key = [("board", BOARD), ("posted_at", posted_at), ("uuid", uuid)];
            let whole = key.iter().all(|(_, value)| !value.is_empty());
            whole.then(|| key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))))
        })
        .map(Item::from)
        .ok_or(StoreError::Cursor)
}

fn position(cursor: &str) -> Option<String> {
    let short = (cursor.len() <= LONGEST).then_some(cursor)?;
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(short).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_key() {
        let key = Item::from(
            [
                ("board", BOARD),
                ("posted_at", "1970-01-01T00:00:00.000000Z"),
                ("uuid", "u_1"),
            ]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))),
        );
        assert_eq!(read(&write(&key).unwrap()).unwrap(), key);
    }

    #[test]
    fn noise_is_refused() {
        let encoded = |position: &str| BASE64_URL_SAFE_NO_PAD.encode(position);
        for noise in [
            String::new(),
            "=".into(),
            "1970_u".into(),
            encoded(""),
            encoded("_"),
            encoded("x"),
            encoded("_x"),
            encoded("x_"),
            encoded(&format!("x_{}", "x".repeat(LONGEST))),
            BASE64_URL_SAFE_NO_PAD.encode([0xff, b'_', 0xff]),
        ] {
            assert!(matches!(read(&noise), Err(StoreError::Cursor)), "{noise:?}");
        }
    }
}
