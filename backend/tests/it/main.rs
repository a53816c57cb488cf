//! Tests of the whole backend through its real router, on a real `DynamoDB` protocol.
//!
//! By default each test starts an embedded `DynamoDB` of its own; with `DYNAMODB_ENDPOINT` set, all use that one.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

mod migrate;
mod readiness;
mod router;
mod store;
mod support;
mod table;
