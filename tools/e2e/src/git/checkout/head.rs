//! HEAD of the repository under test as a commit of its own, in another folder.

use std::fs;

use anyhow::{Context as _, Result};

use crate::environment::Environment;
use crate::git::Git;

/// Makes a repository where `git` runs whose first branch is one commit with the tree of HEAD of
/// `user`, but for what the pathspecs in `lacks` name.
pub(super) async fn check_out(user: &Git, git: &Git, lacks: &[&str]) -> Result<()> {
    borrow(user, git).await?;
    let tree = user.run(&["rev-parse", "HEAD^{tree}"]).await?;
    git.run(&["read-tree", &tree]).await?;
    if !lacks.is_empty() {
        let leave_out = ["rm", "-r", "--cached", "--force", "--quiet", "--"];
        git.run(&[&leave_out, lacks].concat()).await?;
    }
    let tree = git.run(&["write-tree"]).await?;
    let commit = commit(user, git, &tree).await?;
    git.run(&["reset", "--quiet", "--hard", &commit]).await.map(drop)
}

/// The same with all of the tree, where another HEAD may have been checked out before. The index
/// stays, because it knows which files are what they were.
pub(super) async fn check_out_again(user: &Git, git: &Git) -> Result<()> {
    borrow(user, git).await?;
    // What a killed Git left behind: nobody else works here.
    let _ = fs::remove_file(git.folder().join(".git/index.lock"));
    let tree = user.run(&["rev-parse", "HEAD^{tree}"]).await?;
    let commit = commit(user, git, &tree).await?;
    git.run(&["reset", "--quiet", "--hard", &commit]).await?;
    git.run(&["clean", "--quiet", "-ffdx"]).await.map(drop)
}

/// Borrows the user's objects instead of asking Git there to hand them out: nothing runs in the
/// user's repository.
async fn borrow(user: &Git, git: &Git) -> Result<()> {
    let folder = git.folder();
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    let branch = Environment::first().branch();
    git.run(&["init", "--quiet", "--initial-branch", branch]).await?;
    let objects = ["rev-parse", "--path-format=absolute", "--git-path", "objects"];
    let objects = user.run(&objects).await?;
    let alternates = folder.join(".git/objects/info/alternates");
    fs::write(alternates, format!("{objects}\n")).context("point the checkout at the user's objects")
}

/// One commit with this tree and the date of HEAD, so the same tree always gives the same one.
async fn commit(user: &Git, git: &Git, tree: &str) -> Result<String> {
    let date = [
        "rev-list",
        "--max-count=1",
        "--no-commit-header",
        "--format=%cI",
        "HEAD",
    ];
    let date = user.run(&date).await?;
    let make = ["commit-tree", tree, "-m", "Start of this run: HEAD"];
    git.run_dated(&make, Some(&date)).await
}
