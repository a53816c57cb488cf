//! The handlers, one file per noun, and the parts of a request that they take.

pub(crate) mod document;
mod draft;
mod headers;
pub(crate) mod health;
mod identity;
pub(crate) mod messages;
