//! The run's own repository: HEAD exported as the seed, and the stories' commits on top of it.
//!
//! The user's working tree, index, configuration and objects are only read. What is not committed is not released.

use std::path::Path;

use anyhow::{Context, Result};

use crate::git::{Git, short};

/// The repository in which a developer of the stories works.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    git: Git,
}

/// What of the user's repository is released.
#[derive(Debug)]
pub(crate) struct Seed {
    /// HEAD of the user's repository.
    pub(crate) head: String,
    /// How many paths differ from it and are left out.
    pub(crate) left_out: usize,
}

impl Seed {
    pub(crate) async fn of(repo: &Path) -> Result<Self> {
        let git = Git::at(repo);
        let head = git
            .run(&["rev-parse", "HEAD^{commit}"])
            .await
            .context("find the commit to release")?;
        // Optional locks off: even refreshing the user's index would be a write.
        let status = git.run(&["--no-optional-locks", "status", "--porcelain"]).await?;
        Ok(Self {
            head,
            left_out: status.lines().count(),
        })
    }

    /// One line for the person who started the run.
    pub(crate) fn sentence(&self) -> String {
        let head = short(&self.head);
        match self.left_out {
            0 => format!("releases HEAD ({head})"),
            n => format!("releases HEAD ({head}); {n} changed or new paths are not committed and left out"),
        }
    }
}

/// A commit and the paths it changes.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) id: String,
    pub(crate) changed: Vec<String>,
}

impl Checkout {
    /// Make a repository in `folder` whose branch `master` is one commit with the tree of `repo`'s HEAD.
    ///
    /// One commit, not the history: so a shallow clone can be released too, and the same tree always gives the same commit.
    pub(crate) async fn of_head(repo: &Path, folder: &Path, remote: &str, token: &str) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let user = Git::at(repo);
        let git = Git::at(folder).with_token(token);
        git.run(&["init", "--quiet", "--initial-branch=master"]).await?;
        // Borrows the user's objects instead of asking git there to hand them out: nothing runs in the user's repository.
        let objects = user
            .run(&["rev-parse", "--path-format=absolute", "--git-path", "objects"])
            .await?;
        std::fs::write(
            folder.join(".git/objects/info/alternates"),
            format!("{objects}\n"),
        )
        .context("point the checkout at the user's objects")?;
        let tree = user.run(&["rev-parse", "HEAD^{tree}"]).await?;
        let date = user.run(&["show", "--no-patch", "--format=%cI", "HEAD"]).await?;
        let commit = git
            .run_dated(
                &["commit-tree", &tree, "-m", "Start of this run: HEAD"],
                Some(&date),
            )
            .await?;
        git.run(&["reset", "--quiet", "--hard", &commit]).await?;
        git.run(&["remote", "add", "origin", remote]).await?;
        Ok(Self { git })
    }

    /// The repository made by [`Checkout::of_head`] earlier in this run.
    pub(crate) fn open(folder: &Path, token: &str) -> Self {
        Self {
            git: Git::at(folder).with_token(token),
        }
    }

    pub(crate) async fn head(&self) -> Result<String> {
        self.git.run(&["rev-parse", "HEAD"]).await
    }

    /// Push HEAD to a branch of the forge; never forced, so anything but a fast-forward is refused.
    pub(crate) async fn push(&self, branch: &str) -> Result<String> {
        self.git
            .run(&["push", "--quiet", "origin", &format!("HEAD:refs/heads/{branch}")])
            .await
            .with_context(|| format!("push to {branch} of the forge"))?;
        self.head().await
    }

    /// Go to what the forge's `master` is now, and say which commit that is.
    pub(crate) async fn catch_up(&self) -> Result<String> {
        self.git
            .run(&["fetch", "--quiet", "origin", "master"])
            .await
            .context("fetch master from the forge")?;
        self.git
            .run(&["reset", "--quiet", "--hard", "FETCH_HEAD"])
            .await?;
        self.head().await
    }

    /// Apply a patch that the repository carries, and commit it.
    pub(crate) async fn commit_patch(&self, patch: &str, message: &str) -> Result<String> {
        self.git.run(&["apply", "--index", patch]).await.with_context(|| {
            format!("{patch} does not fit the code it was made for; make the change by hand and write it anew with `git diff`")
        })?;
        self.git.run(&["commit", "--quiet", "-m", message]).await?;
        self.head().await
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

    /// A file of a commit.
    pub(crate) async fn file_at(&self, commit: &str, path: &str) -> Result<String> {
        self.git.run(&["show", &format!("{commit}:{path}")]).await
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A repository with one commit and one file that is not committed, and a bare one beside it.
    async fn user_repository(folder: &Path) -> (PathBuf, PathBuf) {
        let (repo, forge) = (folder.join("repo"), folder.join("forge.git"));
        std::fs::create_dir_all(&repo).unwrap();
        std::fs::create_dir_all(&forge).unwrap();
        Git::at(&forge).run(&["init", "--quiet", "--bare"]).await.unwrap();
        let git = Git::at(&repo);
        git.run(&["init", "--quiet"]).await.unwrap();
        std::fs::write(repo.join("page"), "old\n").unwrap();
        std::fs::write(
            repo.join("change.patch"),
            "--- a/page\n+++ b/page\n@@ -1 +1 @@\n-old\n+new\n",
        )
        .unwrap();
        git.run(&["add", "."]).await.unwrap();
        git.run(&["commit", "--quiet", "-m", "first"]).await.unwrap();
        std::fs::write(repo.join("draft"), "not committed").unwrap();
        (repo, forge)
    }

    #[tokio::test]
    async fn head_is_exported_and_what_is_not_committed_stays_out() {
        let folder = tempfile::tempdir().unwrap();
        let (repo, forge) = user_repository(folder.path()).await;
        let seed = Seed::of(&repo).await.unwrap();
        assert_eq!(seed.left_out, 1);
        assert!(
            seed.sentence().contains("1 changed or new"),
            "{}",
            seed.sentence()
        );

        let remote = forge.display().to_string();
        let checkout = Checkout::of_head(&repo, &folder.path().join("one"), &remote, "t")
            .await
            .unwrap();
        assert!(!folder.path().join("one/draft").exists());
        let again = Checkout::of_head(&repo, &folder.path().join("two"), &remote, "t")
            .await
            .unwrap();
        assert_eq!(
            checkout.head().await.unwrap(),
            again.head().await.unwrap(),
            "same tree, same commit"
        );
    }

    #[tokio::test]
    async fn a_patch_becomes_a_commit_on_the_forge() {
        let folder = tempfile::tempdir().unwrap();
        let (repo, forge) = user_repository(folder.path()).await;
        let remote = forge.display().to_string();
        let checkout = Checkout::of_head(&repo, &folder.path().join("one"), &remote, "t")
            .await
            .unwrap();
        checkout.push("master").await.unwrap();
        let commit = checkout
            .commit_patch("change.patch", "Change the page")
            .await
            .unwrap();
        checkout.push("master").await.unwrap();
        assert_eq!(
            Git::at(&forge).run(&["rev-parse", "master"]).await.unwrap(),
            commit
        );
        assert_eq!(checkout.file_at(&commit, "page").await.unwrap(), "new");
        let error = checkout.commit_patch("change.patch", "again").await.unwrap_err();
        assert!(format!("{error:#}").contains("does not fit"), "{error:#}");
    }
}
