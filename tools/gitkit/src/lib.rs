//! The one place that starts Git: closed to the settings, hooks and variables of the person who
//! runs it.
//!
//! - [`Git`] is one command. It reads no settings but those it is given, and its failure is in
//!   Git's own words.
//! - [`Checkout`] is a repository of a person. It is asked only where things are; what its commits
//!   hold is read through [`Checkout::view`], a repository of ours that shares its objects and has
//!   neither settings nor branches, so nothing there can change an answer.
//! - [`forget`] is for other programs that may call Git: they find the repository of the folder
//!   they stand in.
//!
//! What is honoured, and why, stands in `environment.rs` and `settings.rs`; docs/CI.md says it to
//! users.

mod checkout;
mod environment;
mod error;
mod git;
mod objects;
mod settings;

pub use checkout::{Checkout, View};
pub use environment::{KeptSettings, forget, is_foreign};
pub use error::Error;
pub use git::{Git, files, uncommitted};
pub use objects::Object;

/// The program. Its name stands nowhere else (`xtask/tests/house_rules/git_calls.rs`).
pub const PROGRAM: &str = "git";

/// A commit's name as people write it.
#[must_use]
pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
