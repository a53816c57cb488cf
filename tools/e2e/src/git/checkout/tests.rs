//! What is released, committed and pushed, with repositories on disk.

use std::path::PathBuf;

use super::*;
use crate::git::layout::{Home, Layout};

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
async fn a_checkout_that_stays_changes_only_what_head_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (repo, _) = user_repository(folder.path()).await;
    let place = folder.path().join("kept");
    Checkout::kept(&repo, &place, "of-the-forge").await.unwrap();
    let changed = |name: &str| std::fs::metadata(place.join(name)).unwrap().modified().unwrap();
    let (page, patch) = (changed("page"), changed("change.patch"));
    // Times of files are as coarse as the clock of the kernel.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    std::fs::write(repo.join("page"), "newer\n").unwrap();
    let git = Git::at(&repo);
    git.run(&["commit", "--quiet", "--all", "-m", "second"])
        .await
        .unwrap();
    for left in ["left", ".git/index.lock"] {
        std::fs::write(place.join(left), "by a run that was killed").unwrap();
    }
    let kept = Checkout::kept(&repo, &place, "of-the-forge").await.unwrap();
    assert_eq!(std::fs::read_to_string(place.join("page")).unwrap(), "newer\n");
    assert!(changed("page") > page && changed("change.patch") == patch);
    assert!(!place.join("left").exists());
    let head = kept.head().await.unwrap();
    std::fs::remove_dir_all(place.join(".git")).unwrap();
    std::fs::write(place.join(".git"), "no repository").unwrap();
    let anew = Checkout::kept(&repo, &place, "of-the-forge").await.unwrap();
    assert_eq!(anew.head().await.unwrap(), head);
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
    assert!(checkout.has_file_at(&commit, "page").await.unwrap());
    assert!(!checkout.has_file_at(&commit, "other").await.unwrap());
    assert!(checkout.has_file_at("0123456789", "page").await.is_err());
    let error = checkout.commit_patch("change.patch", "again").await.unwrap_err();
    assert!(format!("{error:#}").contains("does not fit"), "{error:#}");
}
