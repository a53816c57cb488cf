//! Files as they are and as they are to be: shown as a patch, or carried out so that a killed run
//! can be finished.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gitkit::Git;

use super::worktree::Worktree;

/// Below the folder that Git ignores.
const STAGE: &str = "target/new";
/// In its place where that folder lies on another disk.
const STAGE_BESIDE: &str = ".new";

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
            if root.join(path).exists() && now(path).as_ref() != Some(text) {
                bail!(
                    "{path} is there, and not as `{command}` makes it; nothing was changed: move it away, or choose another name"
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

    /// Makes everything of `name`, or what is not there yet.
    pub(crate) fn carry_out(&self, root: &Path, name: &str) -> Result<()> {
        make(root, name, &self.files)?;
        for change in &self.edited {
            if let Some(text) = &change.after {
                replace(root, &change.path, text)?;
            }
        }
        Ok(())
    }
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
                write(&side.join(&change.path), text)?;
            }
        }
    }
    let compare = ["diff", "--no-index", "--no-prefix", "--no-renames", "a", "b"];
    // It fails where there are differences.
    let output = Git::at(folder.path()).args(compare).output();
    let output = output.context("compare both sides")?;
    String::from_utf8(output.stdout).context("read the differences")
}

/// Where files are written first: on the same disk as the checkout, because they are moved into
/// place in one step.
fn stage(root: &Path) -> PathBuf {
    let disk = |folder: &Path| fs::metadata(folder).ok().map(|it| it.dev());
    let of_target = disk(&root.join("target"));
    let is_same = of_target.is_none() || of_target == disk(root);
    root.join(if is_same { STAGE } else { STAGE_BESIDE })
}

/// Makes the folders and files that are not there yet, each whole or not at all, in the order in
/// which they are given.
fn make(root: &Path, name: &str, files: &[(String, String)]) -> Result<()> {
    let stage = stage(root).join(name);
    clear(&stage)?;
    for (path, text) in files {
        write(&stage.join(path), text)?;
    }
    for (path, _) in files {
        let whole = unit(root, Path::new(path));
        put(&stage.join(&whole), &root.join(&whole))?;
    }
    clear(&stage)
}

/// The topmost folder above `path` that is not there yet, or the file itself.
fn unit(root: &Path, path: &Path) -> PathBuf {
    let mut above: Vec<_> = path
        .ancestors()
        .filter(|part| !part.as_os_str().is_empty())
        .collect();
    above.reverse();
    let missing = above.into_iter().find(|part| !root.join(part).exists());
    missing.unwrap_or(path).to_owned()
}

/// Moves what was made beside into its place; nothing if it is there, as after an earlier file of
/// the same folder.
fn put(made: &Path, place: &Path) -> Result<()> {
    if place.exists() {
        return Ok(());
    }
    fs::rename(made, place).with_context(|| format!("put {} in place", place.display()))
}

/// Puts `text` in the place of a file in one step.
pub(crate) fn replace(root: &Path, path: &str, text: &str) -> Result<()> {
    let unfinished = stage(root).join("file");
    write(&unfinished, text)?;
    fs::rename(&unfinished, root.join(path)).with_context(|| format!("write {path}"))
}

/// Removes files, and the folders that are empty then.
pub(crate) fn remove(root: &Path, paths: &[String]) -> Result<()> {
    for path in paths {
        let file = root.join(path);
        fs::remove_file(&file).with_context(|| format!("remove {path}"))?;
        for folder in Path::new(path).ancestors().skip(1) {
            // The first one that holds something ends it.
            if folder.as_os_str().is_empty() || fs::remove_dir(root.join(folder)).is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Takes a folder away in one step, with all that is in it.
pub(crate) fn remove_folder(root: &Path, folder: &str) -> Result<()> {
    let removed = stage(root).join("removed");
    clear(&removed)?;
    fs::create_dir_all(stage(root))
        .and_then(|()| fs::rename(root.join(folder), &removed))
        .with_context(|| format!("take {folder} away"))?;
    clear(&removed)
}

fn write(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .with_context(|| format!("write {}", file.display()))
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    Ok(())
}
