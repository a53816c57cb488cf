//! What `cargo xtask` and the programs behind it share, so that the task runner links none of them:
//! where the checkout lies, cargo started from inside cargo, and how the apps are compiled.
//!
//! Everybody's first task waits for this crate: what takes long to compile has no place in it.

#![warn(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "`lines` writes where nobody reads, too"
)]

pub mod alone;
pub mod aws;
pub mod build;
pub mod checkout;
pub mod environment;
pub mod events;
pub mod lines;
pub mod missing;
pub mod packages;
pub mod program;
pub mod removal;
pub mod supply;
