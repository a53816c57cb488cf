//! The servers as a cluster runs them, against clients that mean no good: slow ones, malformed
//! requests, a scanner.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

mod malformed;
mod raw;
mod scanner;
mod slow;

use dev::{Options, Programs, Stack};

/// Both servers, with more than a page of messages.
async fn stack() -> Stack {
    let mut options = Options::new(Programs::of_dev_build().unwrap());
    options.messages = 25;
    Stack::start(options).await.unwrap()
}
