//! Tests of the frontend through its real router, over HTTP, as a browser without script meets it.
//!
//! The backend is a stand-in that speaks the types of `api` and keeps messages in memory: products do not depend on
//! each other. That the real two fit together is for the end-to-end tests to prove.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

mod files;
mod page;
mod support;
