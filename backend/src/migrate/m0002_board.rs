//! Schema 2: every message has `board`, the partition of the index `newest`; without it the index
//! does not list it.

use super::{Change, Migration};
use crate::store::BOARD;

pub(super) const MIGRATION: Migration = Migration::backfill(2, "board", |item| {
    if item.contains_key("board") {
        return Ok(None);
    }
    Ok(Some(Change::new().set_text("board", BOARD)))
});
