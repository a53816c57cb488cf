//! Tests of the frontend through its real router, over HTTP, as a browser without script meets it.
//!
//! The backend is a stand-in: products do not depend on each other. That the real two fit together
//! is for the end-to-end tests to prove.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

mod backend;
mod events;
mod files;
mod headers;
mod page;
mod support;
mod text;
