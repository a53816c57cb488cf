//! `cargo xtask new-app` and `remove-app`: an app is a folder of `apps/`, one of `infra/`, an
//! Application, and an entry in each of three lists.
//!
//! Everything is computed before the first file is written. What a killed run leaves is a part of
//! the same result, so the next run finishes it; `project.toml` comes last, and until it names the
//! app nothing builds or releases it.

mod lists;
mod names;
mod new;
mod remove;
mod template;
// wing: generator-tests
#[cfg(test)]
pub(crate) mod tests;
// end of wing

use std::path::Path;

use anyhow::Result;

use crate::flags;

impl flags::NewApp {
    /// What there is to say.
    pub(crate) fn run(&self, root: &Path) -> Result<String> {
        new::run(root, &self.name, self.kind, self.dry_run)
    }
}

impl flags::RemoveApp {
    /// What there is to say.
    pub(crate) fn run(&self, root: &Path) -> Result<String> {
        remove::run(root, &self.name, self.dry_run)
    }
}
