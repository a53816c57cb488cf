//! A run that ends with a fault closes what must not be merged.

use super::model::Forge;
use super::verified::{By, say};
use super::{Repository, wanted};
use crate::ci::forge::State;
use crate::ci::gate::Gate;
use crate::ci::hold;
use crate::environment::{apps, project};

/// A release that staging has proven, and its proposal for `qa`.
fn proposed() -> (Repository, Forge) {
    let repository = Repository::new();
    let forge = repository.forge();
    repository.released(&forge, "1");
    say(&forge, &repository.head(), State::Success);
    repository.on_to_qa(&forge, By::Promotion, None).unwrap();
    (repository, forge)
}

impl Repository {
    /// A run for `qa` of a commit that nobody has built.
    fn fails(&self, forge: &Forge) {
        let [before, qa, _] = project().environments() else {
            panic!("the sample has three")
        };
        let (registry, head) = (self.registry(&[]), self.head());
        let gate = Gate {
            before,
            unverified: None,
        };
        let failed = self.at_gate(forge, Some(gate), |proposals| {
            let wanted = wanted(proposals.git, &registry, qa, &head);
            proposals.settle(qa, |look| wanted.newest(look))
        });
        let failed = failed.unwrap_err().to_string();
        assert!(failed.contains("never builds"), "{failed}");
    }
}

#[test]
fn what_is_proven_no_more_is_closed_by_a_run_that_fails_too() {
    let (repository, forge) = proposed();
    repository.fails(&forge);
    assert_eq!(forge.open_branches().len(), 1);
    say(&forge, &repository.head(), State::Failure);
    repository.fails(&forge);
    assert_eq!(forge.open_branches(), [""; 0]);
}

/// Which is how it is when an app is added to the project while a proposal is open.
#[test]
fn a_proposal_that_is_older_than_an_app_is_closed_all_the_same() {
    let repository = Repository::new();
    let forge = repository.forge();
    let overlay = apps()[1].overlay(&project().environments()[1]);
    let kept = repository.sh.read_file(&overlay).unwrap();
    repository.released(&forge, "1");
    say(&forge, &repository.head(), State::Success);
    repository.on_to_qa(&forge, By::Promotion, None).unwrap();
    let [branch] = &forge.open_branches()[..] else {
        panic!("one proposal")
    };
    // The proposal as it would be if it had been made before.
    repository.git(&["fetch", "--quiet", "origin"]);
    repository.git(&["checkout", "--quiet", "--detach", &format!("origin/{branch}")]);
    repository.git(&["rm", "--quiet", &overlay]);
    repository.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    repository.git(&["push", "--quiet", "--force", "origin", &format!("HEAD:{branch}")]);
    repository.git(&["checkout", "--quiet", "master"]);
    assert_eq!(repository.sh.read_file(&overlay).unwrap(), kept);
    repository.fails(&forge);
    assert_eq!(forge.open_branches().len(), 1);
    say(&forge, &repository.head(), State::Failure);
    repository.fails(&forge);
    assert_eq!(forge.open_branches(), [""; 0]);
}

#[test]
fn what_is_held_is_closed_by_a_run_that_fails_too() {
    let (repository, forge) = proposed();
    repository.pull();
    let hold = "[[holds]]\nenvironment = \"qa\"\nuntil = 9999-01-01T00:00:00Z\nreason = \"Holidays\"\n";
    repository.write(hold::FILE, hold);
    repository.commit("Hold");
    repository.push("master");
    repository.fails(&forge);
    assert_eq!(forge.open_branches(), [""; 0]);
}
