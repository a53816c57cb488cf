//! Files as they are and as they are to be: shown as a patch, or carried out, as a whole or not at
//! all. What a killed run leaves, the next one finishes.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use gitkit::Git;

use crate::moves::{self, Moves, is_there};
use crate::worktree::Worktree;

/// One file; `None` where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// All that a command makes: computed from the last commit alone, so that the next run of it knows
/// what a killed one has left.
pub(crate) struct Made {
    /// New files by path, in the order in which they are put in place.
    pub(crate) files: Vec<(String, String)>,
    /// Files that are there before, as committed and as they are to be, in the order in which they
    /// are written.
    pub(crate) edited: Vec<Change>,
}

impl Made {
    /// An error if something is in the way that a killed run of `command` cannot have left.
    pub(crate) fn refuse(&self, root: &Path, command: &str) -> Result<()> {
        let now = |path: &str| fs::read_to_string(root.join(path)).ok();
        Worktree::at(root).refuse_changes(|path| {
            let mut edited = self.edited.iter();
            edited.any(|change| change.path == path && now(path) == change.after)
        })?;
        for (path, text) in &self.files {
            let is_other = is_there(&root.join(path)) && now(path).as_ref() != Some(text);
            let in_the_way = no_folder(root, path).or(is_other.then_some(Path::new(path)));
            if let Some(there) = in_the_way {
                bail!(
                    "{} is there, and not as `{command}` makes it; nothing was changed: move it away, or choose another name",
                    there.display()
                );
            }
        }
        Ok(())
    }

    /// Each file as it is and as it is to be.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let made = self.files.iter().map(|(path, text)| Change {
            path: path.clone(),
            before: None,
            after: Some(text.clone()),
        });
        made.chain(self.edited.iter().cloned()).collect()
    }

    /// Makes everything, or what is not there yet.
    pub(crate) fn carry_out(&self, root: &Path) -> Result<()> {
        let edited = self.edited.iter();
        let edited: Vec<_> = edited
            .filter_map(|change| Some((&*change.path, change.after.as_deref()?)))
            .collect();
        Moves::all(root, |moves| {
            for (path, text) in &self.files {
                moves.prepare(path, text)?;
            }
            for (path, text) in &edited {
                moves.prepare_edit(path, text)?;
            }
            self.files.iter().try_for_each(|(path, _)| moves.put(path))?;
            edited.iter().try_for_each(|(path, _)| moves.edit(path))
        })
    }
}

/// The first of the folders above `path` in whose place something else is, as a link that leads out
/// of the checkout.
fn no_folder<'p>(root: &Path, path: &'p str) -> Option<&'p Path> {
    let above = Path::new(path).ancestors().skip(1);
    let mut above = above.filter(|folder| !folder.as_os_str().is_empty());
    above.find(|folder| fs::symlink_metadata(root.join(folder)).is_ok_and(|it| !it.is_dir()))
}

/// What all of them are as a patch, which `git apply` takes.
pub(crate) fn patch(changes: &[Change]) -> Result<String> {
    let folder = tempfile::tempdir().context("make a folder for both sides")?;
    for (side, text) in [
        ("a", (|it| &it.before) as fn(&Change) -> &Option<String>),
        ("b", |it| &it.after),
    ] {
        let side = folder.path().join(side);
        fs::create_dir(&side).context("make a folder for one side")?;
        for change in changes {
            if let Some(text) = text(change) {
                moves::write(&side.join(&change.path), text)?;
            }
        }
    }
    let compare = ["diff", "--no-index", "--no-prefix", "--no-renames", "a", "b"];
    // It fails where there are differences.
    let output = Git::at(folder.path()).args(compare).output();
    let output = output.context("compare both sides")?;
    String::from_utf8(output.stdout).context("read the differences")
}
