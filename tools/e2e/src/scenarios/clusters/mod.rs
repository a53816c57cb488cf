//! Clusters that a hub manages: they join and leave by a tag, and nothing is lost by a mistake.

pub(crate) mod back;
pub(crate) mod joins;
mod kept;
pub(crate) mod label_lost;
pub(crate) mod leaves;
pub(crate) mod list_fails;
pub(crate) mod rights;
