//! The run's own repositories: HEAD exported as the seed, and the stories' commits on top of it.
//!
//! The user's working tree, index, configuration and objects are only read. What is not committed is not released.

use std::path::Path;

use anyhow::{Context, Result, ensure};

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
    /// Make a repository in `folder` whose branch `master` is one commit with the tree of `repo`'s HEAD, but for what the
    /// pathspecs in `lacks` name.
    ///
    /// One commit, not the history: so a shallow clone can be released too, and the same tree always gives the same commit.
    pub(crate) async fn of_head(
        repo: &Path,
        lacks: &[&str],
        folder: &Path,
        remote: &str,
        token: &str,
    ) -> Result<Self> {
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
        git.run(&["read-tree", &tree]).await?;
        if !lacks.is_empty() {
            let leave_out = ["rm", "-r", "--cached", "--force", "--quiet", "--"];
            git.run(&[&leave_out, lacks].concat()).await?;
        }
        let tree = git.run(&["write-tree"]).await?;
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

    /// The repository of somebody else who works on the same, as they have it now.
    pub(crate) async fn of_colleague(&self, folder: &Path) -> Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
        }
        let to = folder.display().to_string();
        self.git.run(&["clone", "--quiet", ".", &to]).await?;
        let remote = self.git.run(&["remote", "get-url", "origin"]).await?;
        let git = self.git.elsewhere(folder);
        git.run(&["remote", "set-url", "origin", &remote]).await?;
        Ok(Self { git })
    }

    /// Put the commits made here on top of what the forge's `master` is now.
    pub(crate) async fn rebase(&self) -> Result<()> {
        self.git.run(&["fetch", "--quiet", "origin", "master"]).await?;
        self.git.run(&["rebase", "--quiet", "FETCH_HEAD"]).await.map(drop)
    }

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

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        self.git.folder()
    }

    /// Apply a patch that the repository carries, and commit it.
    pub(crate) async fn commit_patch(&self, patch: &str, message: &str) -> Result<String> {
        self.git.run(&["apply", "--index", patch]).await.with_context(|| {
            format!("{patch} does not fit the code it was made for; make the change by hand and write it anew with `git diff`")
        })?;
        self.git.run(&["commit", "--quiet", "-m", message]).await?;
        self.head().await
    }

    /// Write `new` wherever a file under `folder` says `old`, and commit it.
    pub(crate) async fn commit_replaced(
        &self,
        folder: &str,
        old: &str,
        new: &str,
        message: &str,
    ) -> Result<()> {
        let files = self
            .git
            .run(&[
                "grep",
                "--files-with-matches",
                "--fixed-strings",
                old,
                "--",
                folder,
            ])
            .await
            .with_context(|| format!("find {old} in {folder}"))?;
        for file in files.lines() {
            let path = self.git.folder().join(file);
            let text = std::fs::read_to_string(&path).with_context(|| format!("read {file}"))?;
            std::fs::write(&path, text.replace(old, new)).with_context(|| format!("write {file}"))?;
        }
        self.git
            .run(&["commit", "--quiet", "--all", "-m", message])
            .await
            .map(drop)
    }

    /// Commit whatever `edit` does to the files in the folder it is given.
    pub(crate) async fn commit_edit(
        &self,
        message: &str,
        edit: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<String> {
        edit(self.git.folder())?;
        self.git.run(&["add", "--all"]).await?;
        self.git
            .run(&["commit", "--quiet", "-m", message])
            .await
            .context("the edit changed nothing")?;
        self.head().await
    }

    /// Write `new` for the one place that says `old` in a file, and commit that if it is another text.
    pub(crate) async fn commit_text(&self, path: &str, old: &str, new: &str) -> Result<()> {
        if old == new {
            return Ok(());
        }
        let edit = |folder: &Path| {
            let file = folder.join(path);
            let text = std::fs::read_to_string(&file).with_context(|| format!("read {path}"))?;
            let found = text.matches(old).count();
            ensure!(found == 1, "{path} says {old:?} {found} times, not once");
            std::fs::write(&file, text.replace(old, new)).with_context(|| format!("write {path}"))
        };
        self.commit_edit(&format!("Change {path}"), edit).await.map(drop)
    }

    /// Take back what a commit did, as a commit.
    pub(crate) async fn commit_revert(&self, commit: &str) -> Result<String> {
        self.git.run(&["revert", "--no-edit", commit]).await?;
        self.head().await
    }

    /// Make a folder what it was in an earlier commit, as a commit; none if it is so already.
    pub(crate) async fn commit_restored(&self, folder: &str, commit: &str) -> Result<Option<String>> {
        self.git.run(&["rm", "-r", "--quiet", "--", folder]).await?;
        self.git.run(&["checkout", commit, "--", folder]).await?;
        if self.git.run(&["status", "--porcelain"]).await?.is_empty() {
            return Ok(None);
        }
        let message = format!("Put {folder} back to {}", short(commit));
        self.git.run(&["commit", "--quiet", "-m", &message]).await?;
        self.head().await.map(Some)
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
    use crate::layout::{Home, Layout};

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
        let checkout = Checkout::of_head(&repo, &[], &folder.path().join("one"), &remote, "t")
            .await
            .unwrap();
        assert!(!folder.path().join("one/draft").exists());
        let again = Checkout::of_head(&repo, &[], &folder.path().join("two"), &remote, "t")
            .await
            .unwrap();
        assert_eq!(
            checkout.head().await.unwrap(),
            again.head().await.unwrap(),
            "same tree, same commit"
        );
    }

    #[tokio::test]
    async fn a_part_of_head_is_exported_and_told_its_own_address() {
        let folder = tempfile::tempdir().unwrap();
        let (repo, forge) = user_repository(folder.path()).await;
        std::fs::create_dir_all(repo.join("infra/aws")).unwrap();
        for file in ["infra/app", "infra/aws/table"] {
            std::fs::write(repo.join(file), "url: http://forge/app.git\n").unwrap();
        }
        let user = Git::at(&repo);
        user.run(&["add", "infra"]).await.unwrap();
        user.run(&["commit", "--quiet", "-m", "infra"]).await.unwrap();
        let remote = forge.display().to_string();
        let files = async |home: Home| {
            let at = folder.path().join(home.name);
            let made = Checkout::of_head(&repo, home.lacks, &at, &remote, "t")
                .await
                .unwrap();
            let files = made.git.run(&["ls-tree", "-r", "--name-only", "HEAD"]).await;
            (made, files.unwrap())
        };
        let (_, application) = files(Layout::Split.application()).await;
        assert_eq!(application, "change.patch\ninfra/aws/table\npage");
        let (manifests, listed) = files(Layout::Split.manifests()).await;
        assert_eq!(listed, "infra/app\ninfra/aws/table");

        manifests
            .commit_replaced("infra", "app.git", "infra.git", "Move")
            .await
            .unwrap();
        let head = manifests.head().await.unwrap();
        assert_eq!(
            manifests.file_at(&head, "infra/app").await.unwrap(),
            "url: http://forge/infra.git"
        );
        let again = manifests
            .commit_replaced("infra", "app.git", "infra.git", "Move")
            .await;
        assert!(format!("{:#}", again.unwrap_err()).contains("find app.git"));
    }

    #[tokio::test]
    async fn a_patch_becomes_a_commit_on_the_forge() {
        let folder = tempfile::tempdir().unwrap();
        let (repo, forge) = user_repository(folder.path()).await;
        let remote = forge.display().to_string();
        let checkout = Checkout::of_head(&repo, &[], &folder.path().join("one"), &remote, "t")
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
