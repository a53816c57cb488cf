//! The checkout that all runs of the CI share. It stays, because files that did not change then
//! keep their times, and only by those does cargo know that it need not compile them again.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use taskkit::removal::remove_folder;

use crate::git::Git;

/// A pushed commit, and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pushed<'a> {
    pub(super) remote: &'a str,
    pub(super) token: &'a str,
    pub(super) branch: &'a str,
    pub(super) commit: &'a str,
}

/// The same content as a fresh clone.
pub(super) async fn check_out(folder: &Path, pushed: Pushed<'_>) -> Result<()> {
    let Err(error) = check_out_in(folder, pushed).await else {
        return Ok(());
    };
    // A Git that was killed may have left anything there. Where the forge is the cause, this fails
    // too, and what is kept stays.
    let fresh = folder.with_extension("fresh");
    remove_folder(&fresh)?;
    if check_out_in(&fresh, pushed).await.is_err() {
        remove_folder(&fresh)?;
        return Err(error);
    }
    remove_folder(folder)?;
    fs::rename(&fresh, folder).with_context(|| format!("replace {}", folder.display()))
}

async fn check_out_in(folder: &Path, pushed: Pushed<'_>) -> Result<()> {
    let Pushed {
        remote,
        token,
        branch,
        commit,
    } = pushed;
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    let git = Git::at(folder).with_token(token);
    // Also where there is one, which may be half made.
    git.run(&["init", "--quiet"]).await?;
    // What a killed Git left behind: only one run at a time works here.
    let _ = fs::remove_file(folder.join(".git/index.lock"));
    let _ = git.run(&["remote", "remove", "origin"]).await;
    git.run(&["remote", "add", "origin", remote]).await?;
    git.run(&["fetch", "--quiet", "--prune", "origin"]).await?;
    // On a branch: gitlab-ci-local asks which one.
    git.run(&["checkout", "--quiet", "--force", "-B", branch, commit])
        .await?;
    git.run(&["clean", "--quiet", "-ffdx"]).await?;
    let left = git.run(&["status", "--porcelain", "--ignored"]).await?;
    ensure!(left.is_empty(), "the checkout is not clean: {left}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whatever_a_killed_git_has_left_the_next_run_has_its_commit() {
        let folder = tempfile::tempdir().unwrap();
        let (forge, kept) = (folder.path().join("forge"), folder.path().join("checkout"));
        fs::create_dir(&forge).unwrap();
        let git = Git::at(&forge);
        git.run(&["init", "--quiet", "--initial-branch=master"])
            .await
            .unwrap();
        fs::write(forge.join("page"), "new").unwrap();
        git.run(&["add", "."]).await.unwrap();
        git.run(&["commit", "--quiet", "-m", "first"]).await.unwrap();
        let commit = git.run(&["rev-parse", "HEAD"]).await.unwrap();
        let remote = forge.display().to_string();
        let pushed = Pushed {
            remote: &remote,
            token: "t",
            branch: "master",
            commit: &commit,
        };
        let left: [fn(&Path); 4] = [
            |_| (),
            |git| fs::write(git.join("config.lock"), "").unwrap(),
            |git| fs::remove_file(git.join("HEAD")).unwrap(),
            |git| fs::remove_dir_all(git.join("objects")).unwrap(),
        ];
        for leave in left {
            fs::create_dir_all(kept.join(".git")).unwrap();
            leave(&kept.join(".git"));
            check_out(&kept, pushed).await.unwrap();
            assert_eq!(fs::read_to_string(kept.join("page")).unwrap(), "new");
        }

        // A forge that does not answer costs nothing of what was compiled.
        let nowhere = folder.path().join("nowhere").display().to_string();
        let unanswered = Pushed {
            remote: &nowhere,
            ..pushed
        };
        assert!(check_out(&kept, unanswered).await.is_err());
        assert!(kept.join("page").exists() && !kept.with_extension("fresh").exists());
        check_out(&kept, pushed).await.unwrap();
    }
}
