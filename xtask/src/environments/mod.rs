//! `cargo xtask new-environment` and `remove-environment`: an environment is an overlay of each
//! app, what else of `infra/` has one per environment, and an entry in each file that lists them.
//!
//! As with apps, everything is computed before the first file is written, and `project.toml` comes
//! last: until it names the environment nothing is released there.

mod copies;
mod entries;
mod history;
mod names;
mod new;
mod places;
mod remove;
// wing: generator-tests
#[cfg(test)]
mod tests;
// end of wing

use anyhow::Result;
use project::Environment;
use taskkit::alone::alone;
use xshell::Shell;

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
    pub(crate) fn run(&self, sh: &Shell) -> Result<()> {
        let branch = self.branch.as_deref().unwrap_or(&self.name);
        let _others_wait = alone(&sh.current_dir())?;
        let said = new::run(&sh.current_dir(), &self.name, branch, &self.after, self.dry_run)?;
        print!("{said}");
        Ok(())
    }
}

impl flags::RemoveEnvironment {
    pub(crate) fn run(&self, sh: &Shell) -> Result<()> {
        let _others_wait = alone(&sh.current_dir())?;
        let said = remove::run(&sh.current_dir(), &self.name, self.dry_run)?;
        print!("{said}");
        Ok(())
    }
}
