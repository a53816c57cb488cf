//! The handlers, one file per noun.

pub(crate) mod health;
pub(crate) mod messages;
