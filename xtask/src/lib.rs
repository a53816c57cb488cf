//! The task runner behind `cargo xtask`.
//!
//! [`flags`] is the table of contents: each command is a type there and a `run` in the module of
//! its name. What is deliberately absent: an async runtime and a Kubernetes client. The heavy
//! harness is the crate `e2e`, started from here as a process.

pub mod flags;
pub mod partition;
pub mod security; // wing: security

mod apps;
mod aws;
mod bench; // wing: bench
mod browser; // wing: browser
mod build;
mod check;
mod ci;
mod cloud; // wing: cloud
mod dev; // wing: dev
mod diff; // wing: diff
mod doctor;
mod e2e; // wing: e2e
mod env;
mod environment;
mod environments;
mod fork; // wing: fork
mod fuzz;
mod groups;
mod hooks;
mod openapi;
mod packages;
mod skips;
mod supply;
mod test;
