//! Versions that are not proposed: taken back, earlier than what is there, or not proven yet.

use anyhow::{Result, anyhow};

use super::{Tagging, to_production};
use crate::ci::forge::State;
use crate::ci::gate::Gate;
use crate::ci::propose::Outcome;
use crate::ci::tests::propose::{branch, heads};
use crate::ci::tests::verified::say;
use crate::ci::versions::Whole;
use crate::environment::{apps, project};

#[test]
fn a_version_that_was_taken_back_does_not_come_back() {
    let tagging = Tagging::new();
    tagging.released("v1.0.0", "1");
    let bad = tagging.released("v1.1.0", "2");
    tagging.merge(&tagging.roll_back());
    let written = tagging.forge.written();
    let withdrawn = Outcome::Withdrawn(bad.clone());
    assert_eq!(tagging.follow("^1").unwrap(), withdrawn);
    // Nor do its images by a higher version, nor what was skipped on the way.
    tagging.repository.write("README.md", "prose");
    let prose = tagging.repository.commit("Prose");
    tagging.repository.push("master");
    tagging.version("v1.1.1", &prose);
    assert_eq!(tagging.follow("^1").unwrap(), withdrawn);
    assert_eq!(tagging.forge.written(), written);
    let fix = tagging.built("3");
    tagging.version("v1.1.2", &fix);
    assert_eq!(branch(&tagging.follow("^1").unwrap()), to_production(&fix));
}

#[test]
fn a_range_that_is_narrowed_brings_nothing_earlier_back() {
    let tagging = Tagging::new();
    tagging.released("v1.0.0", "1");
    let later = tagging.released("v1.1.0", "2");
    let (before, written) = (heads(&tagging.repository), tagging.forge.written());
    assert_eq!(tagging.follow("~1.0").unwrap(), Outcome::Overtaken(later));
    assert_eq!(
        (heads(&tagging.repository), tagging.forge.written()),
        (before, written)
    );
}

#[test]
fn a_version_waits_until_the_environment_before_has_proven_it() {
    let tagging = Tagging::new();
    let commit = tagging.repository.released(&tagging.forge, "1");
    let merged = tagging.repository.git(&["rev-parse", "HEAD"]);
    for app in apps() {
        tagging
            .registry
            .push(app.name(), &tagging.content(&commit, app.name()));
    }
    tagging.version("v1.0.0", &commit);
    let outcome = tagging.follow_behind("^1", Some(gate())).unwrap();
    assert!(matches!(outcome, Outcome::Unverified(_)), "{outcome:?}");
    assert!(tagging.forge.open_branches().is_empty());
    say(&tagging.forge, &merged, State::Success);
    let outcome = tagging.follow_behind("^1", Some(gate())).unwrap();
    assert_eq!(branch(&outcome), to_production(&commit));
    // Nothing is to be proposed, or nobody knows: what is open stays as long as it is proven.
    let found = || [Ok(None), Err(anyhow!("the registry does not answer"))];
    let look = |found: Result<Option<Whole>>| {
        let failed = found.is_err();
        assert_eq!(tagging.found_behind(found, Some(gate())).is_err(), failed);
        tagging.forge.open_branches().len()
    };
    assert_eq!(found().map(look), [1, 1]);
    for found in found() {
        say(&tagging.forge, &merged, State::Success);
        tagging.follow_behind("^1", Some(gate())).unwrap();
        say(&tagging.forge, &merged, State::Failure);
        assert_eq!(look(found), 0);
    }
}

fn gate() -> Gate {
    Gate {
        before: project().first(),
        unverified: None,
    }
}
