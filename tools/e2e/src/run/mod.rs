//! One run, from its first line to its last: what it has at each point, the steps that bring
//! everything up, and what removes it again.
//!
//! What it has comes in three parts: a [`Session`] from the first line of a command on, a
//! [`Harness`] once the tools are there, a [`Testbed`] once everything is up. What the next command
//! finds of them is in [`saved_state`].

pub(crate) mod bring_up;
pub(crate) mod diagnose;
pub(crate) mod first_release;
pub(crate) mod harness;
pub(crate) mod leftovers;
mod plan;
pub(crate) mod progress;
pub(crate) mod run_dir;
pub(crate) mod saved_state;
mod session;
mod step;
pub(crate) mod teardown;
mod testbed;
pub(crate) mod topology;

pub(crate) use harness::Harness;
pub(crate) use progress::StepHandle;
pub(crate) use session::Session;
pub(crate) use step::Step;
pub(crate) use testbed::{Rebuilt, Testbed};
