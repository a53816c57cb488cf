//! The branch of a proposal: what it changes, who wrote it, and what it leaves alone.

use super::Repository;
use crate::ci::plan::Action::{Build, Missing, Nothing, Propose};
use crate::ci::propose;

#[test]
fn one_line_per_image_changes() {
    let repository = Repository::new();
    let plan = repository.plan(
        "staging",
        [(Propose, Some("sha256:new")), (Nothing, Some("sha256:old"))],
    );
    let proposal = propose::push_branch(&repository.handle(), &plan)
        .expect("push")
        .expect("something changed");
    assert_eq!(proposal.branch, format!("release/staging-{}", &plan.commit[..10]));
    assert_eq!(
        proposal.title,
        format!("Release backend to staging ({})", &plan.commit[..10])
    );

    repository.git(&["fetch", "--quiet", "origin", &proposal.branch]);
    let diff = repository.git(&["diff", "--unified=0", "origin/master", "FETCH_HEAD"]);
    let changed: Vec<_> = diff.lines().filter(|line| line.starts_with(['+', '-'])).collect();
    let file = "infra/backend/overlays/staging/kustomization.yaml";
    assert_eq!(
        changed,
        [
            &format!("--- a/{file}"),
            &format!("+++ b/{file}"),
            "-    digest: sha256:old # keep",
            "+    digest: sha256:new # keep"
        ]
    );
    assert_eq!(
        repository.git(&["show", "--no-patch", "--format=%an", "FETCH_HEAD"]),
        "gitops-loop-ci"
    );
}

#[test]
fn the_proposal_stands_on_the_newest_master() {
    let repository = Repository::new();
    let released = repository.git(&["rev-parse", "HEAD"]);
    repository.write("README.md", "# Later\n");
    let later = repository.commit("Later");
    repository.push();
    repository.git(&["checkout", "--quiet", "--detach", &released]);
    let plan = repository.plan(
        "production",
        [(Propose, Some("sha256:a")), (Propose, Some("sha256:b"))],
    );
    let proposal = propose::push_branch(&repository.handle(), &plan)
        .expect("push")
        .expect("something changed");
    repository.git(&["fetch", "--quiet", "origin", &proposal.branch]);
    assert_eq!(repository.git(&["rev-parse", "FETCH_HEAD^"]), later);
    let files = repository.git(&["diff", "--name-only", "FETCH_HEAD^", "FETCH_HEAD"]);
    let expected =
        ["backend", "frontend"].map(|app| format!("infra/{app}/overlays/production/kustomization.yaml"));
    assert_eq!(files.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_work_tree_and_the_index_stay_as_they_are() {
    let repository = Repository::new();
    repository.write("backend/src/main.rs", "unfinished\n");
    repository.write("notes.txt", "untracked\n");
    repository.write("README.md", "staged\n");
    repository.git(&["add", "README.md"]);
    let before = repository.git(&["status", "--porcelain", "--branch"]);
    let plan = repository.plan(
        "staging",
        [(Propose, Some("sha256:new")), (Propose, Some("sha256:new"))],
    );
    propose::push_branch(&repository.handle(), &plan)
        .expect("push")
        .expect("something changed");
    assert_eq!(repository.git(&["status", "--porcelain", "--branch"]), before);
    assert_eq!(repository.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn the_same_release_twice_is_the_same_commit() {
    let repository = Repository::new();
    let plan = repository.plan(
        "staging",
        [(Propose, Some("sha256:new")), (Nothing, Some("sha256:old"))],
    );
    let tip = || {
        let proposal = propose::push_branch(&repository.handle(), &plan)
            .expect("push")
            .expect("something changed");
        repository.git(&["ls-remote", "origin", &format!("refs/heads/{}", proposal.branch)])
    };
    let first = tip();
    assert!(first.ends_with(&plan.commit[..10]), "{first}");
    assert_eq!(first, tip());
}

#[test]
fn nothing_changed_means_no_branch() {
    let repository = Repository::new();
    let plan = repository.plan(
        "staging",
        [(Nothing, Some("sha256:old")), (Nothing, Some("sha256:old"))],
    );
    assert_eq!(
        propose::push_branch(&repository.handle(), &plan).expect("no fault"),
        None
    );
    assert_eq!(
        repository
            .git(&["ls-remote", "--heads", "origin"])
            .lines()
            .count(),
        1
    );
}

#[test]
fn what_the_registry_lacks_is_not_proposed() {
    let repository = Repository::new();
    let plan = repository.plan("staging", [(Build, None), (Propose, Some("sha256:new"))]);
    let error = propose::push_branch(&repository.handle(), &plan)
        .expect_err("not pushed yet")
        .to_string();
    assert!(error.contains("cargo xtask ci build"), "{error}");

    let plan = repository.plan("production", [(Missing, None), (Propose, Some("sha256:new"))]);
    let error = propose::push_branch(&repository.handle(), &plan)
        .expect_err("never built")
        .to_string();
    assert!(
        error.contains("to master first") && error.contains("backend"),
        "{error}"
    );
    assert_eq!(
        repository
            .git(&["ls-remote", "--heads", "origin"])
            .lines()
            .count(),
        1
    );
}
