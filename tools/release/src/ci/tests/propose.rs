//! A proposal: what its branch changes, who wrote it, what it leaves alone, and what a second run
//! makes of it.

use super::Repository;
use super::model::{Merge, digest};
use crate::ci::proposal;
use crate::ci::propose::Outcome;
use crate::environment::{apps, project};

pub(super) const OVERLAY: &str = "infra/backend/overlays/staging/kustomization.yaml";

pub(super) fn branch(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Proposed { proposal, .. } => proposal.branch.clone(),
        other => panic!("nothing was proposed: {other:?}"),
    }
}

pub(super) fn heads(repository: &Repository) -> String {
    repository.git(&["ls-remote", "--heads", "origin"])
}

#[test]
fn one_line_per_image_changes() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    let outcome = repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    let branch = branch(&outcome);
    assert_eq!(branch, format!("release/staging-{}", &commit[..10]));
    assert_eq!(forge.open_branches(), std::slice::from_ref(&branch));

    repository.git(&["fetch", "--quiet", "origin", &branch]);
    let diff = repository.git(&[
        "diff",
        "--unified=0",
        "origin/master",
        "FETCH_HEAD",
        "--",
        OVERLAY,
    ]);
    let changed: Vec<_> = diff.lines().filter(|line| line.starts_with(['+', '-'])).collect();
    let tag = repository.handle().fingerprint(&commit, &apps()[0]).unwrap();
    let expected = [
        format!("--- a/{OVERLAY}"),
        format!("+++ b/{OVERLAY}"),
        "-    digest: sha256:old".to_owned(),
        format!("+    digest: {} # commit {commit}", digest(&tag)),
    ];
    assert_eq!(changed, expected);
    let files = repository.git(&["diff", "--name-only", "origin/master", "FETCH_HEAD"]);
    assert_eq!(files.lines().count(), apps().len(), "{files}");
    let shown = repository.git(&["show", "--no-patch", "--format=%an%n%B", "FETCH_HEAD"]);
    assert!(
        shown.starts_with("gitops-loop-ci\nRelease backend and frontend to staging ("),
        "{shown}"
    );
    assert!(
        shown.trim_end().ends_with(&format!("\nSource: {commit}")),
        "{shown}"
    );
}

#[test]
fn a_title_names_the_apps_or_counts_them_where_it_would_be_too_long() {
    let title = |apps: &[&str]| proposal::title(apps, project().first(), "0123456789");
    let two = "Release backend and frontend to staging (0123456789)";
    assert_eq!(title(&["backend", "frontend"]), two);
    let many = title(&["an-app-with-a-name"; 20]);
    assert_eq!(many, "Release 20 apps to staging (0123456789)");
}

#[test]
fn the_proposal_stands_on_the_newest_master() {
    let repository = Repository::new();
    let released = repository.git(&["rev-parse", "HEAD"]);
    repository.push("production");
    repository.write("README.md", "# Later\n");
    let later = repository.commit("Later");
    repository.push("master");
    let (registry, forge) = (repository.registry(&[&released]), repository.forge());
    let outcome = repository
        .propose(project().last(), &released, &registry, &forge)
        .unwrap();
    repository.git(&["fetch", "--quiet", "origin", &branch(&outcome)]);
    assert_eq!(repository.git(&["rev-parse", "FETCH_HEAD^"]), later);
    let files = repository.git(&["diff", "--name-only", "FETCH_HEAD^", "FETCH_HEAD"]);
    let expected = apps().iter().map(|app| app.overlay(project().last()));
    assert_eq!(files.lines().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn the_work_tree_and_the_index_stay_as_they_are() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    repository.write("backend/src/main.rs", "unfinished\n");
    repository.write("notes.txt", "untracked\n");
    repository.write("README.md", "staged\n");
    repository.git(&["add", "README.md"]);
    let before = repository.git(&["status", "--porcelain", "--branch"]);
    repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    assert_eq!(repository.git(&["status", "--porcelain", "--branch"]), before);
    assert_eq!(repository.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn a_second_run_of_the_same_commit_writes_nothing() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    let first = repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    let (before, written) = (heads(&repository), forge.written());
    assert_eq!(
        repository
            .propose(project().first(), &commit, &registry, &forge)
            .unwrap(),
        first
    );
    assert_eq!((heads(&repository), forge.written()), (before, written));
}

#[test]
fn a_proposal_that_was_merged_leaves_nothing_to_do() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    let outcome = repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    assert!(forge.merge(&branch(&outcome), Merge::Squash));
    let before = heads(&repository);
    assert_eq!(
        repository
            .propose(project().first(), &commit, &registry, &forge)
            .unwrap(),
        Outcome::Nothing
    );
    assert_eq!(heads(&repository), before);
}

#[test]
fn a_run_that_ends_late_changes_nothing() {
    let repository = Repository::new();
    let early = repository.change("early");
    let late = repository.change("late");
    let (registry, forge) = (repository.registry(&[&early, &late]), repository.forge());
    let outcome = repository
        .propose(project().first(), &late, &registry, &forge)
        .unwrap();
    assert!(branch(&outcome).ends_with(&late[..10]));
    // It speaks for the later commit, whose images are there.
    assert_eq!(
        repository
            .propose(project().first(), &early, &registry, &forge)
            .unwrap(),
        outcome
    );
    assert!(forge.merge(&branch(&outcome), Merge::Commit));
    assert_eq!(
        repository
            .propose(project().first(), &early, &registry, &forge)
            .unwrap(),
        Outcome::Nothing
    );
    // And with a commit in between that nobody could build, the overlay itself says what is later.
    repository.pull();
    repository.change("broken");
    assert_eq!(
        repository
            .propose(project().first(), &early, &registry, &forge)
            .unwrap(),
        Outcome::Overtaken(late)
    );
    assert!(forge.open_branches().is_empty());
}

#[test]
fn a_later_release_takes_the_place_of_an_earlier_one() {
    let repository = Repository::new();
    let early = repository.change("early");
    let forge = repository.forge();
    let first = repository
        .propose(project().first(), &early, &repository.registry(&[&early]), &forge)
        .unwrap();
    let late = repository.change("late");
    let registry = repository.registry(&[&early, &late]);
    let second = repository
        .propose(project().first(), &late, &registry, &forge)
        .unwrap();
    assert_eq!(forge.open_branches(), [branch(&second)]);
    assert_ne!(branch(&first), branch(&second));
}

#[test]
fn content_that_is_taken_back_takes_its_proposal_along() {
    let repository = Repository::new();
    let first = repository.change("good");
    let forge = repository.forge();
    let outcome = repository
        .propose(project().first(), &first, &repository.registry(&[&first]), &forge)
        .unwrap();
    assert!(forge.merge(&branch(&outcome), Merge::Commit));
    repository.pull();
    let bad = repository.change("bad");
    let registry = repository.registry(&[&first, &bad]);
    repository
        .propose(project().first(), &bad, &registry, &forge)
        .unwrap();
    assert_eq!(forge.open_branches().len(), 1);
    let back = repository.change("good");
    assert_eq!(
        repository
            .propose(project().first(), &back, &registry, &forge)
            .unwrap(),
        Outcome::Nothing
    );
    assert!(forge.open_branches().is_empty());
}

#[test]
fn a_commit_that_its_branch_has_lost_is_not_proposed() {
    let repository = Repository::new();
    let lost = repository.change("lost");
    let (registry, forge) = (repository.registry(&[&lost]), repository.forge());
    repository
        .propose(project().first(), &lost, &registry, &forge)
        .unwrap();
    repository.git(&["push", "--quiet", "--force", "origin", "HEAD^:master"]);
    assert_eq!(
        repository
            .propose(project().first(), &lost, &registry, &forge)
            .unwrap(),
        Outcome::Gone(lost)
    );
    assert!(forge.open_branches().is_empty());
}

#[test]
fn what_the_registry_lacks_is_not_proposed() {
    let repository = Repository::new();
    let commit = repository.change("new");
    repository.push("production");
    let (registry, forge) = (repository.registry(&[]), repository.forge());
    for (environment, words) in [
        (project().first(), "run `cargo xtask ci build`"),
        (project().last(), "to master first"),
    ] {
        let error = repository
            .propose(environment, &commit, &registry, &forge)
            .expect_err("never built")
            .to_string();
        assert!(error.contains(words) && error.contains("backend"), "{error}");
    }
    assert!(forge.written().is_empty());
    assert_eq!(heads(&repository).lines().count(), 2);
}

#[test]
fn a_checkout_without_its_history_is_refused() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let shallow = repository.remote.with_file_name("shallow");
    let address = format!("file://{}", repository.remote.display());
    repository.git(&[
        "clone",
        "--quiet",
        "--depth",
        "1",
        &address,
        &shallow.display().to_string(),
    ]);
    repository.sh.change_dir(&shallow);
    let error = repository
        .propose(
            project().first(),
            &commit,
            &repository.registry(&[]),
            &repository.forge(),
        )
        .expect_err("nothing can be compared");
    assert!(error.to_string().contains("git fetch --unshallow"), "{error}");
}
