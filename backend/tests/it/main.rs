//! Tests of the whole backend through its real router; each starts an embedded `DynamoDB` of its
//! own.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

mod migrate;
mod openapi;
mod readiness;
mod router;
mod support;
mod text;
