//! The task runner behind `cargo xtask`.
//!
//! [`flags`] is the table of contents: each command is a type there and a `run` in the module of
//! its name, or a program of its own under `tools/`, which this one becomes (`programs.rs`). What
//! everybody would wait for is in none but those: HTTP, TLS, YAML, an async runtime, a Kubernetes
//! client.

pub mod flags;
pub mod security; // wing: security

mod bench; // wing: bench
mod browser; // wing: browser
mod build;
mod check;
mod dev; // wing: dev
mod doctor;
mod e2e; // wing: e2e
mod fuzz; // wing: sample
mod groups;
mod hooks; // wing: secrets
mod openapi; // wing: sample
mod pictures; // wing: browser
mod programs;
mod skips;
mod supply;
mod test;
