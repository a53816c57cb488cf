//! A bare repository on this disk: fetched from and pushed to by Git, its branches read as the
//! files they are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::ci::git::remote::{Error, GitRemote, Heads, Remote, Update};

/// Saves the two processes of `git ls-remote`, the most frequent question of all.
pub(super) struct Bare<'g, 'sh> {
    pub(super) folder: PathBuf,
    pub(super) git: GitRemote<'g, 'sh>,
}

impl Remote for Bare<'_, '_> {
    fn heads(&self, patterns: &[String]) -> Result<Heads> {
        let heads = self.folder.join("refs/heads");
        let mut all = Heads::new();
        read(&heads, &heads, &mut all)?;
        let wanted = |branch: &String| {
            patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => branch.starts_with(start),
                None => branch == pattern,
            })
        };
        Ok(all.into_iter().filter(|(branch, _)| wanted(branch)).collect())
    }

    fn bring(&self, branches: &[&str]) -> Result<()> {
        self.git.bring(branches)
    }

    fn bring_commit(&self, commit: &str) -> Result<bool> {
        self.git.bring_commit(commit)
    }

    fn update(&self, update: &Update<'_>) -> Result<(), Error> {
        self.git.update(update)
    }
}

/// Nothing here is ever packed: Git's tidying is switched off.
fn read(root: &Path, folder: &Path, all: &mut Heads) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(root, &path, all)?;
        } else {
            let branch = path.strip_prefix(root)?.display().to_string();
            all.insert(branch, fs::read_to_string(&path)?.trim().to_owned());
        }
    }
    Ok(())
}
