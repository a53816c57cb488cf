//! One migration: its number, its phase, and what it does to an item.

use anyhow::{Result, ensure};

use super::change::Change;
use crate::store::Item;

/// What an item is to become; `None` when it is as it should be. Looks at nothing but the item, so
/// it can be run again.
pub type Transform = fn(&Item) -> Result<Option<Change>>;

/// Which step of a change over several releases a migration is. docs/MIGRATIONS.md tells when to
/// take which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Gives code a number, for example the code that writes the new form as well; stored items
    /// stay as they are.
    Expand,
    /// Brings stored items to the new form, while code of the release before reads and writes them.
    Backfill,
    /// Takes away what old code needs.
    Contract {
        /// Code that requires less than this schema must not serve from then on.
        readers: u32,
    },
}

/// One step of the schema; each lives in a file of its own, `m0002_board.rs` is the example.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The schema that the table is at afterwards; counted from 1 without gaps.
    pub version: u32,
    /// Tells people what it is about; an unfinished run is continued only under the same name.
    pub name: &'static str,
    /// The step it is.
    pub phase: Phase,
    /// What becomes of each item; `None` leaves all as they are.
    pub transform: Option<Transform>,
}

impl Migration {
    /// Changes no item, only records that `version` begins.
    pub const fn expand(version: u32, name: &'static str) -> Self {
        Self {
            version,
            name,
            phase: Phase::Expand,
            transform: None,
        }
    }

    /// Brings every item to the form that `transform` gives it.
    pub const fn backfill(version: u32, name: &'static str, transform: Transform) -> Self {
        Self {
            version,
            name,
            phase: Phase::Backfill,
            transform: Some(transform),
        }
    }

    /// Takes away from every item what code that requires less than schema `readers` needs.
    pub const fn contract(version: u32, name: &'static str, readers: u32, transform: Transform) -> Self {
        Self {
            version,
            name,
            phase: Phase::Contract { readers },
            transform: Some(transform),
        }
    }

    pub(super) fn walks_over_items(&self) -> bool {
        self.transform.is_some()
    }

    /// What `item` is to become. An error if that would not be its last form: a run that is
    /// continued meets items twice.
    pub(super) fn change(&self, item: &Item) -> Result<Option<Change>> {
        let Some(transform) = self.transform else {
            return Ok(None);
        };
        let Some(change) = transform(item)? else {
            return Ok(None);
        };
        ensure!(
            transform(&change.applied(item))?.is_none(),
            "migration {} would change it again after having changed it, so it cannot be run twice",
            self.version
        );
        Ok(Some(change))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    #[test]
    fn a_change_that_never_ends_is_refused() {
        let longer = Migration::backfill(1, "longer", |item| {
            let text = item["text"].as_s().expect("a text");
            Ok(Some(Change::new().set_text("text", format!("{text}!"))))
        });
        let item = Item::from([("text".to_owned(), AttributeValue::S("hi".into()))]);
        let error = longer.change(&item).unwrap_err().to_string();
        assert!(error.contains("would change it again"), "{error}");
    }
}
