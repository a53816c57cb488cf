//! Whether a proposal can be merged, and what happens to its branch when the overlays or `master`
//! change beneath it.

use super::Repository;
use super::model::Merge;
use super::propose::{OVERLAY, branch, heads};
use crate::environment::project;

#[test]
fn an_overlay_that_was_edited_meanwhile_makes_a_conflict_and_the_next_run_mends_it() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    let outcome = repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    let text = repository.sh.read_file(OVERLAY).unwrap();
    repository.write(OVERLAY, &text.replace("sha256:old\n", "sha256:old # by hand\n"));
    repository.commit("Edit by hand");
    repository.push("master");
    assert!(!forge.merge(&branch(&outcome), Merge::Commit), "no conflict");
    let again = repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    assert_eq!(again, outcome);
    assert!(forge.merge(&branch(&again), Merge::Commit), "still a conflict");
}

#[test]
fn an_overlay_left_in_the_middle_of_a_merge_is_named_and_stays() {
    let repository = Repository::new();
    let good = repository.sh.read_file(OVERLAY).unwrap();
    let pin = "    digest: sha256:old\n";
    let conflict = format!("<<<<<<< ours\n{pin}=======\n{pin}>>>>>>> theirs\n");
    repository.write(OVERLAY, &good.replace(pin, &conflict));
    let commit = repository.change("new");
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    let before = heads(&repository);
    let error = repository
        .propose(project().first(), &commit, &registry, &forge)
        .expect_err("which pin is it?");
    let error = format!("{error:#}");
    for words in [
        OVERLAY,
        "mend it there and run the verb again",
        "merge left unfinished",
    ] {
        assert!(error.contains(words), "{error}");
    }
    assert_eq!((heads(&repository), forge.written()), (before, Vec::new()));

    repository.write(OVERLAY, &good);
    repository.commit("Mend");
    repository.push("master");
    branch(
        &repository
            .propose(project().first(), &commit, &registry, &forge)
            .unwrap(),
    );
}

#[test]
fn a_proposal_that_can_still_be_merged_is_left_to_its_reviewers() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    repository.write("README.md", "# Meanwhile\n");
    repository.commit("Write");
    repository.push("master");
    let before = heads(&repository);
    repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    assert_eq!(heads(&repository), before);
}

#[test]
fn what_a_person_put_on_a_proposals_branch_is_replaced() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    let outcome = repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    let before = heads(&repository);
    let target = format!("+HEAD:{}", branch(&outcome));
    repository.git(&["push", "--quiet", "origin", &target]);
    assert_ne!(heads(&repository), before);
    repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    assert_eq!(heads(&repository), before);
}

#[test]
fn of_two_releases_made_of_one_state_git_merges_only_one() {
    let repository = Repository::new();
    let early = repository.change("early");
    let (forge, other) = (repository.forge(), repository.forge());
    let first = repository
        .propose(project().first(), &early, &repository.registry(&[&early]), &forge)
        .unwrap();
    // Of another app, so that no digest changes in both.
    repository.git(&["reset", "--quiet", "--hard", "HEAD^"]);
    repository.git(&["push", "--quiet", "--force", "origin", "HEAD:master"]);
    repository.write("frontend/src/main.rs", "late");
    let late = repository.commit("Late");
    repository.push("master");
    let second = repository
        .propose(project().first(), &late, &repository.registry(&[&late]), &other)
        .unwrap();
    assert!(other.merge(&branch(&second), Merge::Commit));
    assert!(!forge.merge(&branch(&first), Merge::Commit), "both were merged");
}
