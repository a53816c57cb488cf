//! An environment is taken back to an earlier release, CI goes on running, and a later release
//! takes it forward again.

use anyhow::Result;

use super::Repository;
use super::model::{Forge, Merge};
use super::propose::{branch, heads};
use crate::ci::propose::Outcome;
use crate::environment::{apps, project};
use overlay::Pin;

impl Repository {
    pub(super) fn roll_back(&self, forge: &Forge, to: Option<&str>) -> Result<Outcome> {
        self.with_proposals(forge, |proposals| proposals.roll_back(project().first(), to))
    }

    /// A commit of new content that staging has taken.
    pub(super) fn released(&self, forge: &Forge, content: &str) -> String {
        let commit = self.change(content);
        self.propose(project().first(), &commit, &self.registry(&[&commit]), forge)
            .unwrap();
        self.merged(forge, &format!("release/staging-{}", &commit[..10]));
        commit
    }

    pub(super) fn merged(&self, forge: &Forge, branch: &str) {
        assert!(forge.merge(branch, Merge::Squash), "{branch} cannot be merged");
        self.pull();
    }

    fn pins(&self) -> Vec<Pin> {
        let pin = |path: &str, app| overlay::pin(&self.sh.read_file(path).unwrap(), app).unwrap();
        apps()
            .iter()
            .map(|app| pin(&app.overlay(project().first()), app.name()))
            .collect()
    }
}

/// Three releases, and the last one taken back.
fn taken_back() -> (Repository, Forge, [String; 3]) {
    let repository = Repository::new();
    let forge = repository.forge();
    let commits = ["1", "2", "3"].map(|content| repository.released(&forge, content));
    let outcome = repository.roll_back(&forge, None).unwrap();
    let branch = branch(&outcome);
    assert_eq!(branch, format!("release/staging-to-{}", &commits[1][..10]));
    repository.merged(&forge, &branch);
    (repository, forge, commits)
}

/// The one before it is then not known either, which is not the same as that there was none.
#[test]
fn a_present_commit_that_is_lost_is_called_so() {
    let repository = Repository::new();
    let forge = repository.forge();
    let commits = ["1", "2"].map(|content| repository.released(&forge, content));
    let gone = "1".repeat(40);
    for app in apps() {
        let path = app.overlay(project().first());
        let text = repository.sh.read_file(&path).unwrap();
        repository.write(&path, &text.replace(&commits[1], &gone));
    }
    repository.commit("Rewrite");
    repository.push("master");
    let error = repository.roll_back(&forge, None).unwrap_err().to_string();
    assert!(
        error.contains(&gone) && error.contains("neither here nor on the remote"),
        "{error}"
    );
    let back = repository.roll_back(&forge, Some(&commits[0])).unwrap();
    assert_eq!(branch(&back), format!("release/staging-to-{}", &commits[0][..10]));
}

#[test]
fn the_digests_of_the_release_before_come_back() {
    let repository = Repository::new();
    let forge = repository.forge();
    let [first, second] = ["1", "2"].map(|content| (repository.released(&forge, content), repository.pins()));
    let outcome = repository.roll_back(&forge, None).unwrap();
    repository.merged(&forge, &branch(&outcome));
    let back = repository.pins();
    for (now, then) in back.iter().zip(&first.1) {
        assert_eq!((&now.digest, &now.commit), (&then.digest, &then.commit));
        assert_eq!(now.withdrawn.as_ref(), Some(&second.0));
    }
    let error = repository.roll_back(&forge, None).unwrap_err().to_string();
    assert!(error.contains("had no release before"), "{error}");
}

#[test]
fn no_run_of_ci_proposes_again_what_was_taken_back() {
    let (repository, forge, commits) = taken_back();
    let known: Vec<&str> = commits.iter().map(String::as_str).collect();
    let registry = repository.registry(&known);
    let withdrawn = Outcome::Withdrawn(commits[2].clone());
    let before = (heads(&repository), forge.written());
    for commit in &commits {
        assert_eq!(
            repository
                .propose(project().first(), commit, &registry, &forge)
                .unwrap(),
            withdrawn,
            "a run of {commit}"
        );
    }
    assert_eq!((heads(&repository), forge.written()), before);
    // A commit of prose and manifests on top is started by its push, and has the same content.
    repository.write("tools/e2e/src/main.rs", "// Later.\n");
    let prose = repository.commit("Prose");
    repository.push("master");
    assert_eq!(
        repository
            .propose(project().first(), &prose, &registry, &forge)
            .unwrap(),
        withdrawn
    );
}

#[test]
fn an_open_proposal_of_what_was_taken_back_is_closed() {
    let repository = Repository::new();
    let forge = repository.forge();
    repository.released(&forge, "1");
    let second = repository.released(&forge, "2");
    let rolled = branch(&repository.roll_back(&forge, None).unwrap());
    // A run that is on its way sees no rollback yet, and leaves its proposal alone.
    let registry = repository.registry(&[&second]);
    assert_eq!(
        repository
            .propose(project().first(), &second, &registry, &forge)
            .unwrap(),
        Outcome::Nothing
    );
    assert_eq!(forge.open_branches(), std::slice::from_ref(&rolled));
    repository.merged(&forge, &rolled);
    assert_eq!(
        repository
            .propose(project().first(), &second, &registry, &forge)
            .unwrap(),
        Outcome::Withdrawn(second)
    );
}

#[test]
fn a_change_goes_forward_and_ends_it() {
    let (repository, forge, _) = taken_back();
    let fixed = repository.released(&forge, "fixed");
    for pin in repository.pins() {
        assert_eq!((pin.commit.as_ref(), pin.withdrawn), (Some(&fixed), None));
    }
}

#[test]
fn the_same_content_in_a_later_change_is_a_wish_for_it() {
    let (repository, forge, commits) = taken_back();
    repository.change("2");
    let again = repository.change("3");
    let outcome = repository
        .propose(
            project().first(),
            &again,
            &repository.registry(&[&again, &commits[2]]),
            &forge,
        )
        .unwrap();
    assert_eq!(branch(&outcome), format!("release/staging-{}", &again[..10]));
}

#[test]
fn who_names_the_commit_goes_anywhere_and_forward_again() {
    let (repository, forge, [first, second, third]) = taken_back();
    let outcome = repository.roll_back(&forge, Some(&first[..7])).unwrap();
    repository.merged(&forge, &branch(&outcome));
    for pin in repository.pins() {
        assert_eq!(
            (pin.commit, pin.withdrawn.as_ref()),
            (Some(first.clone()), Some(&third))
        );
    }
    let outcome = repository.roll_back(&forge, Some(&third)).unwrap();
    repository.merged(&forge, &branch(&outcome));
    for pin in repository.pins() {
        assert_eq!((pin.commit.as_ref(), pin.withdrawn), (Some(&third), None));
    }
    assert_eq!(
        repository.roll_back(&forge, Some(&third)).unwrap(),
        Outcome::Nothing
    );
    let error = repository
        .roll_back(&forge, Some("abcdef"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("never had a release") && error.contains(&second[..10]),
        "{error}"
    );
}

#[test]
fn a_second_wish_replaces_the_first_and_the_same_one_writes_nothing() {
    let repository = Repository::new();
    let forge = repository.forge();
    let [first, second, _] = ["1", "2", "3"].map(|content| repository.released(&forge, content));
    repository.roll_back(&forge, None).unwrap();
    let before = (heads(&repository), forge.written());
    repository.roll_back(&forge, Some(&second)).unwrap();
    assert_eq!((heads(&repository), forge.written()), before);
    repository.roll_back(&forge, Some(&first)).unwrap();
    assert_eq!(
        forge.open_branches(),
        [format!("release/staging-to-{}", &first[..10])]
    );
}

#[test]
fn a_release_and_a_rollback_cannot_both_be_merged() {
    let repository = Repository::new();
    let forge = repository.forge();
    repository.released(&forge, "1");
    repository.released(&forge, "2");
    let rolled = branch(&repository.roll_back(&forge, None).unwrap());
    let third = repository.change("3");
    let registry = repository.registry(&[&third]);
    let proposed = branch(
        &repository
            .propose(project().first(), &third, &registry, &forge)
            .unwrap(),
    );
    assert_eq!(forge.open_branches().len(), 2);
    repository.merged(&forge, &rolled);
    assert!(!forge.merge(&proposed, Merge::Commit), "Git merged both");
    // The next run makes it anew: the change is later than what was taken back.
    let again = branch(
        &repository
            .propose(project().first(), &third, &registry, &forge)
            .unwrap(),
    );
    assert_eq!(again, proposed);
    repository.merged(&forge, &again);
    assert!(
        repository
            .pins()
            .iter()
            .all(|pin| pin.commit.as_ref() == Some(&third))
    );
}

#[test]
fn content_that_came_back_before_the_rollback_is_taken_back_too() {
    let repository = Repository::new();
    let forge = repository.forge();
    repository.released(&forge, "1");
    let second = repository.released(&forge, "2");
    repository.change("unreleased");
    let again = repository.change("2");
    let rolled = branch(&repository.roll_back(&forge, None).unwrap());
    repository.merged(&forge, &rolled);
    let registry = repository.registry(&[&second]);
    assert_eq!(
        repository
            .propose(project().first(), &again, &registry, &forge)
            .unwrap(),
        Outcome::Withdrawn(again)
    );
    let forward = branch(&repository.roll_back(&forge, Some(&second)).unwrap());
    repository.merged(&forge, &forward);
    assert!(repository.pins().iter().all(|pin| pin.withdrawn.is_none()));
}
