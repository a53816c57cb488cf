//! The run's own repositories: HEAD exported as the first commit, and the scenarios' commits on top
//! of it.
//!
//! The user's working tree, index, configuration and objects are only read. What is not committed
//! is not released.

mod head;
mod history;
mod seed;

use std::path::Path;

use anyhow::{Context, Result, ensure};

pub(crate) use seed::Seed;

use crate::environment::Environment;
use crate::git::{Git, short};

/// The repository in which a developer of the scenarios works.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    git: Git,
}

impl Checkout {
    /// Make a repository in `folder` whose first branch is one commit with the tree of `repo`'s
    /// HEAD, but for what the pathspecs in `lacks` name.
    ///
    /// One commit, not the history: so a shallow clone can be released too, and the same tree
    /// always gives the same commit.
    pub(crate) async fn of_head(
        repo: &Path,
        lacks: &[&str],
        folder: &Path,
        remote: &str,
        token: &str,
    ) -> Result<Self> {
        let (user, git) = (Git::at(repo), Git::at(folder).with_token(token));
        head::check_out(&user, &git, lacks).await?;
        git.run(&["remote", "add", "origin", remote]).await?;
        Ok(Self { git })
    }

    /// The same commit in a folder that stays: files that did not change keep their times, and only
    /// by those does cargo know that it need not compile them again. It is pushed nowhere.
    pub(crate) async fn kept(repo: &Path, folder: &Path, remote: &str) -> Result<Self> {
        let (user, git) = (Git::at(repo), Git::at(folder));
        if head::check_out_again(&user, &git).await.is_err() {
            // Whatever a run that was killed has left there.
            std::fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
            head::check_out_again(&user, &git).await?;
        }
        git.run(&["config", "remote.origin.url", remote]).await?;
        Ok(Self { git })
    }

    /// What the forge has, for a person who works there; `folder` is empty.
    pub(crate) async fn clone_of(remote: &str, folder: &Path, token: &str) -> Result<Self> {
        let git = Git::at(folder).with_token(token);
        git.run(&["clone", "--quiet", remote, "."])
            .await
            .with_context(|| format!("clone {remote}"))?;
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
        self.push_commit("HEAD", branch).await?;
        self.head().await
    }

    /// The same for a commit that was made here.
    pub(crate) async fn push_commit(&self, commit: &str, branch: &str) -> Result<()> {
        self.git
            .run(&[
                "push",
                "--quiet",
                "origin",
                &format!("{commit}:refs/heads/{branch}"),
            ])
            .await
            .map(drop)
            .with_context(|| format!("push to {branch} of the forge"))
    }

    // wing: versions
    /// Tag a commit with a version, and push the tag.
    pub(crate) async fn push_tag(&self, version: &str, commit: &str) -> Result<()> {
        let message = format!("Version {version}");
        let tag = ["tag", "--annotate", version, commit, "--message", &message];
        self.git.run(&tag).await?;
        let pushed = self.git.run(&["push", "--quiet", "origin", version]).await;
        pushed
            .with_context(|| format!("push the tag {version}"))
            .map(drop)
    }
    // end of wing

    /// Fetch the branch of the first environment, where the overlays are changed.
    async fn fetch(&self) -> Result<()> {
        let branch = format!("refs/heads/{}", Environment::first().branch());
        let fetched = self.git.run(&["fetch", "--quiet", "origin", &branch]).await;
        fetched
            .with_context(|| format!("fetch {branch} from the forge"))
            .map(drop)
    }

    /// Go to what the forge has of that branch now, and say which commit that is.
    pub(crate) async fn catch_up(&self) -> Result<String> {
        self.fetch().await?;
        self.git
            .run(&["reset", "--quiet", "--hard", "FETCH_HEAD"])
            .await?;
        self.head().await
    }

    /// The repository of somebody else who works on the same, as they have it now; `folder` is
    /// empty.
    pub(crate) async fn of_colleague(&self, folder: &Path) -> Result<Self> {
        let to = folder.display().to_string();
        self.git.run(&["clone", "--quiet", ".", &to]).await?;
        let remote = self.git.run(&["remote", "get-url", "origin"]).await?;
        let git = self.git.elsewhere(folder);
        git.run(&["remote", "set-url", "origin", &remote]).await?;
        Ok(Self { git })
    }

    /// Put the commits made here on top of what the forge has of that branch now.
    pub(crate) async fn rebase(&self) -> Result<()> {
        self.fetch().await?;
        self.git.run(&["rebase", "--quiet", "FETCH_HEAD"]).await.map(drop)
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

    // wing: addons
    /// Do whatever `edit` does to the files of the one commit of [`Checkout::of_head`], which
    /// nobody has seen yet.
    pub(crate) async fn start_with(&self, edit: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        edit(self.git.folder())?;
        let amend = ["commit", "--quiet", "--all", "--amend", "--no-edit"];
        self.git.run(&amend).await.map(drop)
    }
    // end of wing

    /// Write `new` for the one place that says `old` in a file, and commit that if it is another
    /// text.
    pub(crate) async fn commit_text(&self, path: &str, old: &str, new: &str) -> Result<()> {
        if old == new {
            return Ok(());
        }
        let edit = |folder: &Path| edited(folder, path, |text| replaced_once(path, text, old, new));
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
}

/// Makes the text of one file of a checkout what `edit` makes of it.
pub(crate) fn edited(folder: &Path, path: &str, edit: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let file = folder.join(path);
    let text = std::fs::read_to_string(&file).with_context(|| format!("read {path}"))?;
    std::fs::write(&file, edit(&text)?).with_context(|| format!("write {path}"))
}

/// The text of the file at `path` with `new` in the one place that says `old`.
pub(crate) fn replaced_once(path: &str, text: &str, old: &str, new: &str) -> Result<String> {
    let found = text.matches(old).count();
    ensure!(found == 1, "{path} says {old:?} {found} times, not once");
    Ok(text.replace(old, new))
}

#[cfg(test)]
mod tests;
