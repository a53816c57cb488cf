//! What the commands ask Git besides the work tree: many files at once, other commits, branches.

use anyhow::{Context as _, Result};
use gitkit::Git;

use crate::worktree::Worktree;

impl Worktree {
    /// Files as this commit has them, each with its path, by one process.
    pub(crate) fn all_at(&self, commit: &str, paths: Vec<String>) -> Result<Vec<(String, String)>> {
        let objects: Vec<_> = paths.iter().map(|path| format!("{commit}:{path}\n")).collect();
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

    /// The paths of all files below `folder`, as this commit has them.
    pub(crate) fn below(&self, commit: &str, folder: &str) -> Result<Vec<String>> {
        let list = ["ls-tree", "-r", "-z", "--name-only", commit, "--", folder];
        let paths = Git::at(&self.root).args(list).text();
        let paths = paths.with_context(|| format!("list {folder} as it was committed"))?;
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
}
