//! What an environment has not proven does not reach the one behind it.

use anyhow::Result;

use super::model::{Forge, Merge};
use super::propose::branch;
use super::{Repository, wanted};
use crate::ci::forge::State;
use crate::ci::gate::Gate;
use crate::ci::held_back::{Unproven, Why};
use crate::ci::plan;
use crate::ci::propose::Outcome;
use crate::environment::{apps, project};

/// How often somebody looks whether a release may go on to `qa`, and how.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'a> {
    /// A push to its branch.
    Push(&'a str),
    Promotion,
}

impl Repository {
    pub(super) fn head(&self) -> String {
        self.pull();
        self.git(&["rev-parse", "HEAD"])
    }

    pub(super) fn on_to_qa(&self, forge: &Forge, by: By<'_>, reason: Option<&str>) -> Result<Outcome> {
        let [staging, qa, _] = project().environments() else {
            panic!("the sample has three")
        };
        let gate = Gate {
            before: staging,
            unverified: reason.map(str::to_owned),
        };
        self.at_gate(forge, Some(gate), |proposals| match by {
            By::Push(commit) => {
                let registry = self.registry(&[commit]);
                let wanted = wanted(proposals.git, &registry, qa, commit);
                proposals.settle(qa, |look| wanted.newest(look))
            }
            By::Promotion => proposals.settle(qa, |look| {
                plan::promotion(proposals.git, staging, qa, None, &look.base)
            }),
        })
    }
}

/// What staging has to say of each app on this commit.
pub(super) fn say(forge: &Forge, commit: &str, state: State) {
    for app in apps() {
        forge.report(commit, &project().first().report_on(app.name()), state);
    }
}

/// Why each app has to wait.
fn waits(outcome: Outcome) -> Vec<Unproven> {
    match outcome {
        Outcome::Unverified(unproven) => unproven,
        other => panic!("not held back: {other:?}"),
    }
}

fn whys(outcome: Outcome) -> Vec<Why> {
    waits(outcome).into_iter().map(|one| one.why).collect()
}

pub(super) fn qa_branch(commit: &str) -> String {
    format!("release/qa-{}", &commit[..10])
}

#[test]
fn a_release_waits_until_the_environment_before_has_proven_it() {
    let repository = Repository::new();
    let forge = repository.forge();
    let commit = repository.released(&forge, "new");
    let merged = repository.head();
    for by in [By::Push(&commit), By::Promotion] {
        let unproven = waits(repository.on_to_qa(&forge, by, None).unwrap());
        let apps: Vec<_> = unproven.iter().map(|one| one.app.as_str()).collect();
        assert_eq!(apps, ["backend", "frontend"]);
        let words = unproven[0].to_string();
        for part in [
            &format!("commit {}", &merged[..10]),
            "verified/staging/backend",
            ", which staging was given 2026-01-01T00:00:00Z",
        ] {
            assert!(words.contains(part), "{words}");
        }
    }
    // One app alone is not the release, and something pending is no proof.
    forge.report(&merged, "verified/staging/backend", State::Success);
    forge.report(&merged, "verified/staging/frontend", State::Pending);
    let left = repository.on_to_qa(&forge, By::Promotion, None).unwrap();
    assert_eq!(whys(left), [Why::Pending("Pending".to_owned())]);
    assert!(
        !forge.written().iter().any(|write| write.contains("qa")),
        "{:?}",
        forge.written()
    );
    say(&forge, &merged, State::Success);
    for by in [By::Push(&commit), By::Promotion] {
        assert_eq!(
            branch(&repository.on_to_qa(&forge, by, None).unwrap()),
            qa_branch(&commit)
        );
    }
    assert_eq!(forge.open_branches(), [qa_branch(&commit)]);
}

#[test]
fn what_was_built_and_never_released_there_is_not_let_through() {
    let repository = Repository::new();
    let forge = repository.forge();
    let first = repository.released(&forge, "1");
    say(&forge, &repository.head(), State::Success);
    let built = repository.change("2");
    let unproven = waits(repository.on_to_qa(&forge, By::Push(&built), None).unwrap());
    assert!(
        unproven
            .iter()
            .all(|one| one.why == Why::Other(Some(first.clone()))),
        "{unproven:?}"
    );
}

#[test]
fn a_proof_of_an_earlier_or_a_later_release_does_not_count() {
    let repository = Repository::new();
    let forge = repository.forge();
    let first = repository.released(&forge, "1");
    say(&forge, &repository.head(), State::Success);
    let second = repository.released(&forge, "2");
    let second_there = repository.head();
    let silent = [Why::Silent, Why::Silent];
    assert_eq!(
        whys(repository.on_to_qa(&forge, By::Push(&second), None).unwrap()),
        silent
    );
    say(&forge, &second_there, State::Success);
    let unproven = waits(repository.on_to_qa(&forge, By::Push(&first), None).unwrap());
    assert!(
        unproven
            .iter()
            .all(|one| one.why == Why::Other(Some(second.clone()))),
        "{unproven:?}"
    );
    // Back to the first: what was said of it before the second is of another time.
    let back = repository.roll_back(&forge, None).unwrap();
    repository.merged(&forge, &branch(&back));
    assert_eq!(
        whys(repository.on_to_qa(&forge, By::Promotion, None).unwrap()),
        silent
    );
}

#[test]
fn a_proof_outlives_other_commits_and_no_change_of_the_manifests() {
    let repository = Repository::new();
    let forge = repository.forge();
    let commit = repository.released(&forge, "1");
    say(&forge, &repository.head(), State::Success);
    let by_commit = |file: &str, text: &str| {
        repository.pull();
        repository.write(file, text);
        repository.commit(file);
        repository.push("master");
        repository.on_to_qa(&forge, By::Push(&commit), None).unwrap()
    };
    for (file, changes) in [
        ("README.md", false),
        ("infra/backend/overlays/qa/patch.yaml", false),
        ("infra/backend/overlays/staging/patch.yaml", true),
        ("infra/backend/base/deployment.yaml", true),
    ] {
        let outcome = by_commit(file, "changed\n");
        if changes {
            assert_eq!(whys(outcome), [Why::Silent], "{file}");
            say(&forge, &repository.head(), State::Success);
        } else {
            assert_eq!(branch(&outcome), qa_branch(&commit), "{file}");
        }
    }
}

#[test]
fn the_newest_word_counts() {
    let repository = Repository::new();
    let forge = repository.forge();
    let commit = repository.released(&forge, "1");
    let there = repository.head();
    say(&forge, &there, State::Failure);
    let failed = Why::Failed("Failure".to_owned());
    assert_eq!(
        whys(repository.on_to_qa(&forge, By::Promotion, None).unwrap()),
        [failed.clone(), failed.clone()]
    );
    say(&forge, &there, State::Success);
    assert_eq!(
        branch(&repository.on_to_qa(&forge, By::Promotion, None).unwrap()),
        qa_branch(&commit)
    );
    repository.write("README.md", "later\n");
    let later = repository.commit("Words");
    repository.push("master");
    say(&forge, &later, State::Failure);
    // It was proposed while it was proven, and is withdrawn.
    assert_eq!(
        whys(repository.on_to_qa(&forge, By::Promotion, None).unwrap()),
        [failed.clone(), failed]
    );
    assert_eq!(forge.open_branches(), [""; 0]);
}

#[test]
fn a_rollback_withdraws_what_was_proposed_of_the_release() {
    let repository = Repository::new();
    let forge = repository.forge();
    for content in ["1", "2"] {
        repository.released(&forge, content);
        say(&forge, &repository.head(), State::Success);
    }
    let proposed = branch(&repository.on_to_qa(&forge, By::Promotion, None).unwrap());
    let back = repository.roll_back(&forge, None).unwrap();
    repository.merged(&forge, &branch(&back));
    repository.on_to_qa(&forge, By::Promotion, None).unwrap();
    assert_eq!(forge.open_branches(), [""; 0], "{proposed} is still open");
    // The release that staging is back at may go on once it is proven anew.
    say(&forge, &repository.head(), State::Success);
    let outcome = repository.on_to_qa(&forge, By::Promotion, None).unwrap();
    assert!(matches!(outcome, Outcome::Proposed { .. }), "{outcome:?}");
}

#[test]
fn a_person_need_not_wait_and_says_why_in_the_commit() {
    let repository = Repository::new();
    let forge = repository.forge();
    let commit = repository.released(&forge, "1");
    let reason = "outage: staging's database is away";
    let outcome = repository
        .on_to_qa(&forge, By::Push(&commit), Some(reason))
        .unwrap();
    let Outcome::Proposed { proposal, .. } = &outcome else {
        panic!("{outcome:?}")
    };
    assert!(proposal.text.contains(reason), "{}", proposal.text);
    let there = repository.remote.display().to_string();
    let message = [
        "-C",
        &there,
        "show",
        "--no-patch",
        "--format=%B",
        &qa_branch(&commit),
    ];
    let message = repository.git(&message);
    assert!(
        message.contains(&format!("\nUnverified: {reason}\n")),
        "{message}"
    );
    // A run without that word leaves it open as it is.
    let writes = forge.written();
    for by in [By::Push(&commit), By::Promotion] {
        let again = repository.on_to_qa(&forge, by, None).unwrap();
        assert!(matches!(again, Outcome::Proposed { .. }), "{again:?}");
    }
    assert_eq!(forge.written(), writes);
    assert!(forge.merge(&qa_branch(&commit), Merge::Squash));
}

#[test]
fn a_word_that_is_not_needed_is_not_kept() {
    let repository = Repository::new();
    let forge = repository.forge();
    let commit = repository.released(&forge, "1");
    say(&forge, &repository.head(), State::Success);
    let outcome = repository
        .on_to_qa(&forge, By::Push(&commit), Some("in a hurry"))
        .unwrap();
    let Outcome::Proposed { proposal, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(!proposal.text.contains("hurry"), "{}", proposal.text);
}
