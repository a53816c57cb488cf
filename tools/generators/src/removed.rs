//! What a command takes away: refused, shown as a patch, or carried out so that a killed run can be
//! finished.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::changes::Change;
use crate::moves::Moves;
use crate::worktree::Worktree;

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
        let mut gone: Vec<&str> = self.whole.as_deref().into_iter().collect();
        let is_inside = |path: &str| {
            self.whole
                .as_ref()
                .is_some_and(|it| Path::new(path).starts_with(it))
        };
        let others = self.files.iter().map(String::as_str);
        gone.extend(others.filter(|path| !is_inside(path)));
        Moves::all(root, |moves| {
            for change in self.entries() {
                moves.prepare_edit(&change.path, change.after.as_deref().unwrap_or_default())?;
            }
            gone.iter().try_for_each(|path| moves.take_away(path))?;
            self.entries().try_for_each(|change| moves.edit(&change.path))
        })?;
        remove_empty_folders(root, &gone);
        Ok(())
    }
}

/// Those above the paths that hold nothing any more.
fn remove_empty_folders(root: &Path, paths: &[&str]) {
    for path in paths {
        let above = Path::new(path).ancestors().skip(1);
        let mut above = above.take_while(|folder| !folder.as_os_str().is_empty());
        // The first one that holds something ends it.
        above.all(|folder| fs::remove_dir(root.join(folder)).is_ok());
    }
}
