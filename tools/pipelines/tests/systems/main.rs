//! The three CI files, checked by linters and really run: what they do must be the same.
//!
//! `cargo xtask test` gets runners and linters and says where the verbs are (`RELEASE`). Started by
//! hand, these tests get them by themselves, and take the verbs that were compiled last into this
//! target folder.

mod advisories;
mod aws;
mod caches;
mod causes;
mod controllers;
mod failures;
mod fixture;
mod gate;
mod given;
mod machine;
mod outside;
mod previews; // wing: previews
mod rules;
mod runs;
mod signing;
mod source;
mod stand_ins;
mod started;
mod statics;
mod versions;

use std::path::{Path, PathBuf};

use project::Project;

/// The root of the repository.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository is there")
}

/// The apps and environments of this checkout.
fn project() -> Project {
    Project::load(&root()).expect("read the project of this checkout")
}

/// The branch of the first environment, to which all is proposed.
fn main_branch() -> String {
    project().first().branch().to_owned()
}
