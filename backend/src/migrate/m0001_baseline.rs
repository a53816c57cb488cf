//! Schema 1: the table as it was before versions were recorded.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration::expand(1, "baseline");
