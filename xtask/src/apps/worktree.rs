//! What Git says of the work tree: what was committed, and what a person has changed since.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gitkit::Git;

/// A checkout, asked by Git.
pub(super) struct Worktree {
    root: PathBuf,
}

impl Worktree {
    pub(super) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// A file as the last commit has it.
    pub(super) fn committed(&self, path: &str) -> Result<String> {
        let object = format!("HEAD:{path}");
        let text = Git::at(&self.root).args(["cat-file", "blob", &object]).text();
        text.with_context(|| {
            format!("read {path} as it was committed; new apps are made in a checkout of Git, so that they can be told apart")
        })
    }

    /// An error if files that Git tracks have changes that are not committed, other than those that
    /// `is_ours` knows.
    pub(super) fn refuse_changes(&self, is_ours: impl Fn(&str) -> bool) -> Result<()> {
        let changed = gitkit::uncommitted(&self.root).context("ask Git what was changed")?;
        let changed: Vec<_> = changed.into_iter().filter(|path| !is_ours(path)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        bail!(
            "these files have changes that are not committed: {}; commit or stash them first, so that what is made here can be seen \
             and taken back by itself",
            changed.join(", ")
        )
    }
}
