//! The project that this checkout is of: its apps and environments, read from `project.toml` once.

use std::sync::OnceLock;

use anyhow::Result;
use project::Project;

use crate::env;

/// Where the apps run: a cluster, a table, and stacks of its own.
pub(crate) type Environment = &'static project::Environment;

static PROJECT: OnceLock<Project> = OnceLock::new();

/// Reads the file, so that what is wrong with it is said before anything is done.
pub(crate) fn read() -> Result<()> {
    if PROJECT.get().is_none() {
        // Another thread can only have read the same.
        let _ = PROJECT.set(Project::load(&env::root()?)?);
    }
    Ok(())
}

/// What was read.
#[cfg(not(test))]
pub(crate) fn project() -> &'static Project {
    PROJECT.get().expect("the command line has read the file")
}

/// A project of the unit tests' own, so that they are about the same apps in every fork.
#[cfg(test)]
pub(crate) fn project() -> &'static Project {
    let sample = || Project::of_text(include_str!("ci/tests/project.toml")).expect("read the sample");
    PROJECT.get_or_init(sample)
}

/// What this checkout has, for tests of its files.
#[cfg(test)]
pub(crate) fn real() -> Project {
    Project::load(&env::root().expect("find the checkout")).expect("read the file")
}

/// Every app, in the order in which they are synced first.
pub(crate) fn apps() -> &'static [project::App] {
    project().apps()
}

/// Every environment, in the order of promotion.
pub(crate) fn environments() -> &'static [project::Environment] {
    project().environments()
}

/// The branch that the first environment is released from; the overlays of all are changed there.
pub(crate) fn main_branch() -> &'static str {
    project().first().branch()
}

/// For the command line: the environment of this name.
pub(crate) fn named(name: &str) -> Result<Environment> {
    read()?;
    Ok(project().environment(name)?)
}
