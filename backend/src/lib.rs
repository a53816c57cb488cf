//! The backend of the message board: an HTTP API over one `DynamoDB` table, and the migrations of
//! that table.
//!
//! A library, so that tests drive the real router and the real store; the binary only dispatches.

pub mod app;
pub mod config;
pub mod dynamodb;
pub mod error;
pub mod migrate;
#[cfg(feature = "openapi")]
pub mod openapi;
#[cfg(feature = "openapi")]
mod problems;
pub mod router;
mod routes;
pub mod serve;
mod shared;
pub mod store;
