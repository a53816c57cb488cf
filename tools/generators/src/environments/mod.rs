//! `cargo xtask new-environment` and `remove-environment`: an environment is an overlay of each
//! app, what else of `infra/` has one per environment, and an entry in each file that lists them.
//!
//! As with apps, everything is computed before the first file is written, and `project.toml` comes
//! last: until it names the environment nothing is released there.

mod copies;
mod entries;
mod names;
mod new;
mod places;
mod remove;
// wing: generator-tests
#[cfg(test)]
pub(crate) mod tests;
// end of wing

use std::path::Path;

use anyhow::Result;
use project::Environment;

use crate::flags;

/// What the commands are told of an environment, and whom it is made after.
#[derive(Debug, Clone, Copy)]
struct Names<'n> {
    /// Its own name.
    name: &'n str,
    /// The branch that it is released from.
    branch: &'n str,
    /// The environment before it in the order of promotion.
    after: &'n str,
    /// That one's branch.
    after_branch: &'n str,
}

impl<'n> Names<'n> {
    /// Of an environment that is there.
    fn of(environment: &'n Environment, before: &'n Environment) -> Self {
        Self {
            name: environment.name(),
            branch: environment.branch(),
            after: before.name(),
            after_branch: before.branch(),
        }
    }
}

impl flags::NewEnvironment {
    /// What there is to say.
    pub(crate) fn run(&self, root: &Path) -> Result<String> {
        let branch = self.branch.as_deref().unwrap_or(&self.name);
        new::run(root, &self.name, branch, &self.after, self.dry_run)
    }
}

impl flags::RemoveEnvironment {
    /// What there is to say.
    pub(crate) fn run(&self, root: &Path) -> Result<String> {
        remove::run(root, &self.name, self.dry_run)
    }
}
