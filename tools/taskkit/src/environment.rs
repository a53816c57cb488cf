//! The project that this checkout is of: its apps and environments, read from `project.toml` once.

use std::sync::OnceLock;

use anyhow::Result;
use project::Project;

use crate::checkout;

/// Where the apps run: a cluster, a table, and stacks of its own.
pub type Environment = &'static project::Environment;

static PROJECT: OnceLock<Project> = OnceLock::new();

/// Reads the file, so that what is wrong with it is said before anything is done.
pub fn read() -> Result<()> {
    if PROJECT.get().is_none() {
        // Another thread can only have read the same.
        let _ = PROJECT.set(Project::load(&checkout::root()?)?);
    }
    Ok(())
}

/// What was read.
pub fn project() -> &'static Project {
    PROJECT.get().expect("the command line has read the file")
}

/// A project for tests, so that they are about the same apps in every fork.
pub const SAMPLE: &str = include_str!("sample.toml");

/// In unit tests, the sample takes the place of what was read.
pub fn sample() -> &'static Project {
    PROJECT.get_or_init(|| Project::of_text(SAMPLE).expect("read the sample"))
}

/// What this checkout has, for unit tests of its files.
pub fn real() -> Project {
    let root = checkout::root().expect("find the checkout");
    Project::load(&root).expect("read the file")
}

/// For the command line: the environment of this name.
pub fn named(name: &str) -> Result<Environment> {
    read()?;
    Ok(project().environment(name)?)
}
