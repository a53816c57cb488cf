//! What `cargo xtask ci`, `rollback` and `diff` do: the verbs that CI calls to release apps, and
//! what a change does to the manifests.
//!
//! A program apart from the task runner, since only it talks to registries and forges.

pub mod flags;

mod ci;
mod diff; // wing: diff
mod environment;
