//! Runs at once: at each question that one of them has for others, somebody else does all that they
//! have to do. Whatever the moment, production has at most one proposal, and it never goes back.

use std::cell::{Cell, RefCell};

use anyhow::Result;

use super::{Tagging, settle, to_production};
use crate::ci::forge::{Error, Forge, Open, Proposal, Status};
use crate::ci::git::remote::{self, GitRemote, Heads, Remote, Update};
use crate::ci::proposals::Proposals;
use crate::ci::propose::Outcome;
use crate::ci::versions::Whole;

/// Forge and remote of a run, where somebody comes between.
struct Between<'a> {
    forge: &'a dyn Forge,
    remote: &'a dyn Remote,
    /// Questions until then.
    left: Cell<usize>,
    work: RefCell<Option<Box<dyn FnOnce() + 'a>>>,
}

impl Between<'_> {
    fn asked(&self) {
        if self.left.get() > 0 {
            self.left.set(self.left.get() - 1);
        } else if let Some(work) = self.work.take() {
            work();
        }
    }
}

impl Forge for Between<'_> {
    fn open_proposals(&self, prefix: &str) -> Result<Vec<Open>> {
        let open = self.forge.open_proposals(prefix);
        self.asked();
        open
    }

    fn open(&self, proposal: &Proposal) -> Result<(), Error> {
        self.asked();
        self.forge.open(proposal)
    }

    fn close(&self, proposal: &Open, reason: &str) -> Result<()> {
        self.asked();
        self.forge.close(proposal, reason)
    }

    fn statuses(&self, commit: &str) -> Result<Option<Vec<Status>>> {
        self.forge.statuses(commit)
    }
}

impl Remote for Between<'_> {
    fn heads(&self, patterns: &[String]) -> Result<Heads> {
        let heads = self.remote.heads(patterns);
        self.asked();
        heads
    }

    fn bring(&self, branches: &[&str]) -> Result<()> {
        self.remote.bring(branches)
    }

    fn bring_commit(&self, commit: &str) -> Result<bool> {
        self.remote.bring_commit(commit)
    }

    fn update(&self, update: &Update<'_>) -> Result<(), remote::Error> {
        self.asked();
        self.remote.update(update)
    }
}

/// Proposes `whole` while `work` is done after so many questions; whether it was.
fn while_another(tagging: &Tagging, whole: &Whole, after: usize, work: impl FnOnce()) -> (Outcome, bool) {
    let git = tagging.git();
    let origin = GitRemote::origin(&git).unwrap();
    let between = Between {
        forge: &tagging.forge,
        remote: &origin,
        left: Cell::new(after),
        work: RefCell::new(Some(Box::new(work))),
    };
    let proposals = Proposals {
        forge: &between,
        ..tagging.proposals(&git, &between, None)
    };
    let outcome = settle(&proposals, whole).unwrap();
    (outcome, between.work.borrow().is_none())
}

/// Does `one` at each moment that there is.
fn at_each_moment(one: impl Fn(usize) -> bool) {
    let moments = (0..50).take_while(|after| one(*after)).count();
    assert!((4..50).contains(&moments), "{moments}");
}

#[test]
fn of_two_runs_at_once_the_higher_version_is_left_open() {
    at_each_moment(|after| {
        let tagging = Tagging::new();
        let [lower, higher] = ["1", "2"].map(|content| tagging.built(content));
        tagging.version("v1.0.0", &lower);
        let early = tagging.highest("^1").unwrap().unwrap();
        tagging.version("v1.1.0", &higher);
        let other = || {
            tagging.follow("^1").unwrap();
        };
        let (_, came) = while_another(&tagging, &early, after, other);
        if came {
            assert_eq!(tagging.forge.open_branches(), [to_production(&higher)], "{after}");
        }
        came
    });
}

#[test]
fn two_runs_of_one_version_make_one_proposal() {
    at_each_moment(|after| {
        let tagging = Tagging::new();
        let commit = tagging.built("1");
        tagging.version("v1.0.0", &commit);
        let whole = tagging.highest("^1").unwrap().unwrap();
        let other = || {
            tagging.follow("^1").unwrap();
        };
        let (_, came) = while_another(&tagging, &whole, after, other);
        assert_eq!(tagging.forge.open_branches(), [to_production(&commit)], "{after}");
        came
    });
}

#[test]
fn what_was_skipped_does_not_come_when_what_followed_it_is_taken_back() {
    at_each_moment(|after| {
        let tagging = Tagging::new();
        tagging.released("v1.0.0", "1");
        let skipped = tagging.built("2");
        tagging.version("v1.0.1", &skipped);
        let early = tagging.highest("^1").unwrap().unwrap();
        let other = || {
            tagging.released("v1.1.0", "3");
            tagging.merge(&tagging.roll_back());
        };
        let (_, came) = while_another(&tagging, &early, after, other);
        if came {
            assert!(tagging.forge.open_branches().is_empty(), "{after}");
        }
        came
    });
}
