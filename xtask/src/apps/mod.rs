//! `cargo xtask new-app` and `remove-app`: an app is a folder of `apps/`, one of `infra/`, an
//! Application, and an entry in each of three lists.
//!
//! Everything is computed before the first file is written. What a killed run leaves is a part of
//! the same result, so the next run finishes it; `project.toml` comes last, and until it names the
//! app nothing builds or releases it.

pub(crate) mod changes;
pub(crate) mod digests;
pub(crate) mod lists;
mod moves;
mod names;
mod new;
mod remove;
pub(crate) mod removed;
pub(crate) mod tables;
mod template;
// wing: generator-tests
#[cfg(test)]
pub(crate) mod tests;
// end of wing
pub(crate) mod worktree;

use anyhow::Result;
use project::App;
use taskkit::alone::alone;
use xshell::Shell;

use crate::flags;

/// Where their crates lie.
const FOLDER: &str = "apps/";

/// Whether it was made by `new-app`.
pub(crate) fn is_made(app: &App) -> bool {
    app.folder().starts_with(FOLDER)
}

impl flags::NewApp {
    pub(crate) fn run(&self, sh: &Shell) -> Result<()> {
        let _others_wait = alone(&sh.current_dir())?;
        let said = new::run(&sh.current_dir(), &self.name, self.kind, self.dry_run)?;
        print!("{said}");
        Ok(())
    }
}

impl flags::RemoveApp {
    pub(crate) fn run(&self, sh: &Shell) -> Result<()> {
        let _others_wait = alone(&sh.current_dir())?;
        let said = remove::run(&sh.current_dir(), &self.name, self.dry_run)?;
        print!("{said}");
        Ok(())
    }
}
