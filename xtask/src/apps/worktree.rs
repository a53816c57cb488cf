//! What Git says of the work tree: what was committed, and what a person has changed since.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gitkit::Git;

/// A checkout, asked by Git.
pub(crate) struct Worktree {
    root: PathBuf,
}

impl Worktree {
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// A file as the last commit has it.
    pub(crate) fn committed(&self, path: &str) -> Result<String> {
        let object = format!("HEAD:{path}");
        let text = Git::at(&self.root).args(["cat-file", "blob", &object]).text();
        text.with_context(|| {
            format!("read {path} as it was committed; this is done in a checkout of Git, so that what is made can be told from the rest")
        })
    }

    /// The same of several, each with its path, by one process.
    pub(crate) fn all_committed(&self, paths: Vec<String>) -> Result<Vec<(String, String)>> {
        let objects: Vec<_> = paths.iter().map(|path| format!("HEAD:{path}\n")).collect();
        let batch = Git::at(&self.root)
            .args(["cat-file", "--batch"])
            .input(objects.concat());
        let said = batch.bytes().context("read files as they were committed")?;
        let mut rest = said.as_slice();
        let mut next = || {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let head = str::from_utf8(&rest[..end]).ok()?;
            let size: usize = head.rsplit_once(" blob ")?.1.parse().ok()?;
            let text = rest.get(end + 1..end + 1 + size)?;
            rest = rest.get(end + size + 2..)?;
            Some(str::from_utf8(text).ok()?.to_owned())
        };
        let read = paths.into_iter().map(|path| {
            let text = next().with_context(|| format!("read {path} as it was committed, as text"))?;
            Ok((path, text))
        });
        read.collect()
    }

    /// The paths of all files below `folder`, as the last commit has them.
    pub(crate) fn below(&self, folder: &str) -> Result<Vec<String>> {
        let list = ["ls-tree", "-r", "-z", "--name-only", "HEAD", "--", folder];
        let paths = Git::at(&self.root).args(list).text();
        let paths = paths.with_context(|| format!("list {folder} as it was committed"))?;
        Ok(paths.split_terminator('\0').map(str::to_owned).collect())
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

    /// The commit that added a file; in a shallow clone perhaps only the first that is there, which
    /// has everything. `None` where no commit did.
    pub(crate) fn added(&self, path: &str) -> Option<String> {
        let log = [
            "log",
            "--max-count=1",
            "--diff-filter=A",
            "--format=%H",
            "--",
            path,
        ];
        let commit = Git::at(&self.root).args(log).read().ok()?;
        (!commit.is_empty()).then_some(commit)
    }

    /// A file as this commit has it; `None` where it has none.
    pub(crate) fn at_commit(&self, commit: &str, path: &str) -> Option<String> {
        let object = format!("{commit}:{path}");
        let blob = ["cat-file", "blob", &object];
        Git::at(&self.root).args(blob).text().ok()
    }

    /// The names of all branches, of remotes too.
    pub(crate) fn branches(&self) -> Result<Vec<String>> {
        let list = [
            "for-each-ref",
            "--format=%(refname)",
            "refs/heads",
            "refs/remotes",
        ];
        let names = Git::at(&self.root)
            .args(list)
            .text()
            .context("list the branches")?;
        let name = |line: &str| {
            let of_remote = |rest: &str| rest.split_once('/').map(|(_, name)| name.to_owned());
            match line.strip_prefix("refs/heads/") {
                Some(name) => Some(name.to_owned()),
                None => line.strip_prefix("refs/remotes/").and_then(of_remote),
            }
        };
        Ok(names.lines().filter_map(name).collect())
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
