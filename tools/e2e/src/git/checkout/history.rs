//! What the commits of a repository were.

use anyhow::Result;

use super::Checkout;

/// A commit and the paths it changes.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) id: String,
    pub(crate) changed: Vec<String>,
}

impl Checkout {
    /// What a file was, in each commit that changed it; newest first.
    pub(crate) async fn versions_of(&self, path: &str) -> Result<Vec<String>> {
        let commits = self
            .git
            .run(&["rev-list", "--first-parent", "HEAD", "--", path])
            .await?;
        let mut versions = Vec::new();
        for commit in commits.lines() {
            versions.push(self.file_at(commit, path).await?);
        }
        Ok(versions)
    }

    /// The commit that was pushed first.
    pub(crate) async fn root(&self) -> Result<String> {
        self.git.run(&["rev-list", "--max-parents=0", "HEAD"]).await
    }

    /// All commits up to HEAD, oldest first, with the paths each changes.
    pub(crate) async fn history(&self) -> Result<Vec<Change>> {
        let ids = self
            .git
            .run(&["rev-list", "--reverse", "--first-parent", "HEAD"])
            .await?;
        let mut history = Vec::new();
        for id in ids.lines() {
            let diff = [
                "diff-tree",
                "--root",
                "--no-commit-id",
                "--name-only",
                "-r",
                "-m",
                "--first-parent",
                id,
            ];
            let changed = self.git.run(&diff).await?.lines().map(str::to_owned).collect();
            history.push(Change {
                id: id.to_owned(),
                changed,
            });
        }
        Ok(history)
    }

    /// Whether a commit has a file.
    pub(crate) async fn has_file_at(&self, commit: &str, path: &str) -> Result<bool> {
        let found = self
            .git
            .run(&["ls-tree", "--name-only", commit, "--", path])
            .await?;
        Ok(!found.is_empty())
    }

    /// A file of a commit.
    pub(crate) async fn file_at(&self, commit: &str, path: &str) -> Result<String> {
        self.git.run(&["show", &format!("{commit}:{path}")]).await
    }
}
