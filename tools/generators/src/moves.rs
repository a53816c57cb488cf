//! Files that are moved into place and out of it: all of them, or none.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use taskkit::removal::remove_folder;

/// Below the folder that Git ignores.
const STAGE: &str = "target/new";
/// In its place where that folder lies on another disk.
const STAGE_BESIDE: &str = ".new";

/// Texts that wait beside for their places. Everything is written here first, so that a full disk
/// is found out before the first file moves.
pub(crate) struct Moves<'r> {
    root: &'r Path,
    stage: PathBuf,
    /// From where to where each step is taken back.
    back: Vec<(PathBuf, PathBuf)>,
}

impl<'r> Moves<'r> {
    /// Does `work` with an empty stage. What was moved until an error goes back.
    pub(crate) fn all(root: &'r Path, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let mut moves = Self {
            root,
            stage: stage(root),
            back: Vec::new(),
        };
        let done = remove_folder(&moves.stage).and_then(|()| work(&mut moves));
        let done = done.or_else(|error| {
            moves.take_back()?;
            Err(error.context("nothing was changed"))
        });
        let cleared = remove_folder(&moves.stage);
        done.and(cleared)
    }

    /// Writes what will be at `path`.
    pub(crate) fn prepare(&self, path: &str, text: &str) -> Result<()> {
        write(&self.stage.join("new").join(path), text)
    }

    /// Keeps a copy of what is at `path`, and writes what will be there.
    pub(crate) fn prepare_edit(&self, path: &str, text: &str) -> Result<()> {
        let kept = self.stage.join("old").join(path);
        make_folder_of(&kept)
            .and_then(|()| fs::copy(self.root.join(path), &kept).map(drop))
            .with_context(|| format!("keep {path} as it is"))?;
        self.prepare(path, text)
    }

    /// Puts a prepared file in its place, with the folders above it that are not there yet; nothing
    /// if it is there.
    pub(crate) fn put(&mut self, path: &str) -> Result<()> {
        let whole = unit(self.root, Path::new(path));
        let [made, place] = [self.stage.join("new"), self.root.to_owned()].map(|it| it.join(&whole));
        if !is_there(&place) {
            fs::rename(&made, &place).with_context(|| format!("put {} in place", whole.display()))?;
            self.back.push((place, made));
        }
        Ok(())
    }

    /// Puts what was prepared in the place of a file in one step.
    pub(crate) fn edit(&mut self, path: &str) -> Result<()> {
        let [new, old] = ["new", "old"].map(|side| self.stage.join(side).join(path));
        let place = self.root.join(path);
        fs::rename(new, &place).with_context(|| format!("write {path}"))?;
        self.back.push((old, place));
        Ok(())
    }

    /// Takes a file, or a folder with all that is in it, away in one step.
    pub(crate) fn take_away(&mut self, path: &str) -> Result<()> {
        let (place, gone) = (self.root.join(path), self.stage.join("gone").join(path));
        make_folder_of(&gone)
            .and_then(|()| fs::rename(&place, &gone))
            .with_context(|| format!("remove {path}"))?;
        self.back.push((gone, place));
        Ok(())
    }

    fn take_back(&mut self) -> Result<()> {
        while let Some((from, to)) = self.back.pop() {
            make_folder_of(&to)
                .and_then(|()| fs::rename(&from, &to))
                .with_context(|| format!("put {} back; `git status` shows what is left", to.display()))?;
        }
        Ok(())
    }
}

/// Whether something has this name, also a link that leads nowhere.
pub(crate) fn is_there(place: &Path) -> bool {
    fs::symlink_metadata(place).is_ok()
}

/// On the same disk as the checkout, because files are moved into place in one step.
fn stage(root: &Path) -> PathBuf {
    let disk = |folder: &Path| fs::metadata(folder).ok().map(|it| it.dev());
    let of_target = disk(&root.join("target"));
    let is_same = of_target.is_none() || of_target == disk(root);
    root.join(if is_same { STAGE } else { STAGE_BESIDE })
}

/// The topmost folder above `path` that is not there yet, or the file itself.
fn unit(root: &Path, path: &Path) -> PathBuf {
    let mut above: Vec<_> = path
        .ancestors()
        .filter(|part| !part.as_os_str().is_empty())
        .collect();
    above.reverse();
    let missing = above.into_iter().find(|part| !is_there(&root.join(part)));
    missing.unwrap_or(path).to_owned()
}

pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    make_folder_of(file)
        .and_then(|()| fs::write(file, text))
        .with_context(|| format!("write {}", file.display()))
}

fn make_folder_of(file: &Path) -> std::io::Result<()> {
    file.parent().map_or(Ok(()), fs::create_dir_all)
}
