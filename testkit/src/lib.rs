//! A `DynamoDB` for tests and for everyday work, and the table in it as the infrastructure makes it.
//!
//! Knows nothing of the servers: products use it as a dev-dependency, tools as they like.

mod access;
pub mod embedded;
pub mod table;

pub use access::{client, loader, variables};
