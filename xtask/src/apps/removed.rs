//! What a command takes away: refused, shown as a patch, or carried out so that a killed run can be
//! finished.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::changes::{self, Change};
use super::worktree::Worktree;

/// All that a command takes away.
pub(crate) struct Removed {
    /// Files as they were made, but for the lines that CI writes.
    pub(crate) files: Vec<String>,
    /// A folder of them that goes in one step, because Cargo refuses a half one.
    pub(crate) whole: Option<String>,
    /// Files that name it besides other things, in the order in which they are written;
    /// `project.toml` last: while that names it, the next run finishes a killed one.
    pub(crate) edited: Vec<Change>,
}

impl Removed {
    /// An error if anything is changed but not committed, other than by a command that made it and
    /// is taken back, or by a run of this one that was killed. `is_own` says whether a file belongs
    /// to it alone, and `without` what the file at a path says without it.
    pub(crate) fn refuse(
        &self,
        root: &Path,
        is_own: impl Fn(&str) -> bool,
        without: impl Fn(&str, &str) -> String,
    ) -> Result<()> {
        let worktree = Worktree::at(root);
        worktree.refuse_changes(|path| {
            let is_gone = is_own(path) && !root.join(path).exists();
            let edited = self.edited.iter().find(|change| change.path == path);
            is_gone
                || edited.is_some_and(|change| {
                    let committed = worktree.committed(path).ok();
                    let without = committed.as_deref().map(|text| without(path, text));
                    committed == change.after || without == change.before
                })
        })
    }

    /// Each file as it is and as it is to be.
    pub(crate) fn changes(&self, root: &Path) -> Result<Vec<Change>> {
        let mut changes = self.edited.clone();
        for path in &self.files {
            let before = fs::read_to_string(root.join(path)).with_context(|| format!("read {path}"))?;
            changes.push(Change {
                path: path.clone(),
                before: Some(before),
                after: None,
            });
        }
        Ok(changes)
    }

    /// The files that name it now and will not.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Change> {
        self.edited.iter().filter(|change| change.before != change.after)
    }

    /// Takes all of it away.
    pub(crate) fn carry_out(&self, root: &Path) -> Result<()> {
        let mut others = self.files.clone();
        if let Some(folder) = &self.whole {
            changes::remove_folder(root, folder)?;
            others.retain(|path| !Path::new(path).starts_with(folder));
        }
        changes::remove(root, &others)?;
        for change in self.entries() {
            if let Some(text) = &change.after {
                changes::replace(root, &change.path, text)?;
            }
        }
        Ok(())
    }
}
