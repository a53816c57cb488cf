//! What Git says of the work tree: what was committed, and what a person has changed since.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gitkit::Git;
use project::Project;

/// The last commit, in Git's words.
pub(crate) const HEAD: &str = "HEAD";

/// A checkout, asked by Git.
pub(crate) struct Worktree {
    pub(crate) root: PathBuf,
}

impl Worktree {
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// A file as the last commit has it.
    pub(crate) fn committed(&self, path: &str) -> Result<String> {
        let object = format!("{HEAD}:{path}");
        let text = Git::at(&self.root).args(["cat-file", "blob", &object]).text();
        text.with_context(|| {
            format!("read {path} as it was committed; this is done in a checkout of Git whose last commit has this file, so that what is made can be told from the rest")
        })
    }

    /// What the last commit says of the project, if it does.
    pub(crate) fn committed_project(&self) -> Option<Project> {
        Project::of_text(&self.committed(project::FILE).ok()?).ok()
    }

    /// The files below `folders` that Git is told to ignore.
    pub(crate) fn ignored(&self, folders: [&str; 2]) -> Result<Vec<String>> {
        let list = [
            "ls-files",
            "-z",
            "--others",
            "--ignored",
            "--exclude-per-directory=.gitignore",
            "--",
        ];
        let paths = Git::at(&self.root).args(list).args(folders).text();
        let paths = paths.context("list the files that Git ignores")?;
        Ok(paths.split_terminator('\0').map(str::to_owned).collect())
    }

    /// An error if files that Git tracks have changes that are not committed, other than those that
    /// `is_ours` knows.
    pub(crate) fn refuse_changes(&self, is_ours: impl Fn(&str) -> bool) -> Result<()> {
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
