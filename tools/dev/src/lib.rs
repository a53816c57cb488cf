//! The whole application on one machine and without a container: an embedded `DynamoDB`, the
//! backend and the frontend.
//!
//! [`Stack`] knows no code of the servers. It starts their binaries as child processes and talks to
//! them over HTTP, so what it runs is what a person would run by hand. Every child ends with the
//! value, and with the process that holds it. [`session`] is the program behind `cargo xtask dev`:
//! a stack that follows the files it is made of.

mod build;
mod change;
mod console;
mod programs;
mod seed;
mod server;
pub mod session;
mod stack;
mod watch;

pub use programs::{Programs, target_dir};
pub use server::Lines;
pub use stack::{Options, Stack};
