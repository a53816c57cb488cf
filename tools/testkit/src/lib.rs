//! A `DynamoDB` for tests and for everyday work, and the table in it as the infrastructure makes
//! it.
//!
//! Knows nothing of the servers: products use it as a dev-dependency, tools as they like.

mod access;
#[cfg(feature = "containers")]
mod containers;
pub mod databases;
pub mod embedded;
#[cfg(feature = "containers")]
mod leftovers;
mod names;
pub mod table;

pub use fault_proxy;

pub use access::{client, loader, variables};
