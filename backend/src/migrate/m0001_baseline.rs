//! Schema 1: the table as it was before versions were recorded. Nothing to change, only to record.

use super::{Counts, Migration};

pub(super) const MIGRATION: Migration = Migration {
    version: 1,
    name: "baseline",
    apply: |_, _| Box::pin(async { Ok(Counts::default()) }),
};
