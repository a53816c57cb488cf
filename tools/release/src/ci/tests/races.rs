//! Runs of several pushes at once, in any order: a developer pushes, each push starts a run, a
//! reviewer merges what is open, somebody's tool writes overlays anew, and runs are cut off and
//! repeated. `shuttle` decides at each step who goes on, and repeats the order in which a rule was
//! broken.
//!
//! What must hold, whatever the order:
//! 1. a merge never brings an environment back to an earlier push, nor to a mixture of two;
//! 2. at rest, the environment has the newest push, or its one open proposal has it and can be
//!    merged;
//! 3. runs started once more write nothing, not even when the marks of what is released are lost
//!    and a later push is not built yet;
//! 4. the user's work tree and index are as before;
//! 5. with a gate, production is given only what staging has proven ([`super::orders`] has more
//!    orders of this, over models).

use std::sync::{Arc, Mutex};

use anyhow::Result;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::atomic::AtomicUsize;

use super::Repository;
use super::door::{Door, Gated};
use super::model::{self, Forge, Merge, Registry, digest};
use super::rewrites::Rewrite;
use super::simulation::{Health, PUSHES, Protocol, Push, Simulation};
use crate::ci::forge::Forge as _;
use crate::ci::git::Memory;
use crate::ci::git::remote::Update;
use crate::ci::proposals::Proposals;
use crate::ci::{plan, proposal};
use crate::environment::{apps, project};

impl Simulation {
    /// The rules that hold once all runs have ended.
    pub(super) fn at_rest(&self) {
        let open_door = Door::open();
        let pushes = self.pushes.lock().unwrap().clone();
        let newest = pushes.last().unwrap();
        let is_open = !self.forge.open_branches().is_empty();
        if is_open && *self.rewritten.lock().unwrap() > 0 {
            // A proposal that was open then is made again by any run, and by none that has ended.
            self.run_once_more(&newest.0);
        }
        let before = (self.heads(), self.forge.written());
        for (commit, _) in [&pushes[0], newest] {
            self.run_once_more(commit);
        }
        assert_eq!((self.heads(), self.forge.written()), before, "rule 3: writes");
        for (to, push) in [(project().first(), true), (project().last(), false)] {
            if !push {
                // Staging has the newest by now.
                if self.protocol.has_proofs() {
                    self.prove_all();
                }
                self.promote(&open_door).expect("promote");
            }
            let prefix = proposal::prefix(to);
            let open = self.forge.open_proposals(&prefix).unwrap();
            assert!(open.len() <= 1, "rule 2: {open:?} are open");
            for open in open {
                assert!(
                    self.forge.merge(&open.branch, Merge::Commit),
                    "rule 2: {open:?} has a conflict"
                );
            }
            let digests = self.pins(to).into_iter().map(|pin| pin.digest);
            let expected = newest.1.iter().map(|content| digest(content));
            assert!(digests.eq(expected), "rule 2: {to:?} has not the newest push");
        }
        self.after_a_lost_mark(&pushes);
    }

    /// The marks of what is released are lost, and a push comes that nobody has built: it speaks
    /// for no earlier run.
    fn after_a_lost_mark(&self, pushes: &[Push]) {
        // Lost before, perhaps; the first push is never later.
        let released = self.pinned(project().first(), None).unwrap_or(0);
        self.rewrite_by(Rewrite::NoComments, project().first(), apps());
        self.change_to(pushes.len(), || "unbuilt".to_owned());
        let before = (self.heads(), self.forge.written());
        for (commit, _) in &pushes[..=released] {
            self.run_once_more(commit);
        }
        assert_eq!((self.heads(), self.forge.written()), before, "rule 3: goes back");
    }

    fn run_once_more(&self, commit: &str) {
        for own in self.protocol.runs() {
            self.run(commit, own, &Door::open()).expect("rule 3: fails");
        }
    }
}

/// Pushes, opens and closes what is older, all by one look at the beginning.
pub(super) fn one_look(
    proposals: &Proposals<'_, '_>,
    registry: &Gated<'_, Registry>,
    commit: &str,
) -> Result<()> {
    let branches = proposals
        .infra
        .heads(&["master".to_owned(), "release/*".to_owned()])?;
    let base = &branches["master"];
    proposals.infra.bring(&["master"])?;
    let plan = plan::compute(
        proposals.git,
        registry,
        &model::image,
        project().first(),
        commit,
        base,
    )?;
    if !plan.release {
        return Ok(());
    }
    let proposed = proposal::describe(&plan);
    let made = proposal::commit(proposals.git, &plan, &proposed, base)?;
    let update = Update {
        branch: &proposed.branch,
        old: branches.get(&proposed.branch).map(String::as_str),
        new: Some(&made),
        options: &[],
    };
    if update.old != update.new {
        proposals.infra.update(&update)?;
    }
    let open = proposals.forge.open_proposals("release/staging-")?;
    if !open.iter().any(|open| open.branch == proposed.branch) {
        proposals.forge.open(&proposed)?;
    }
    for open in open {
        let name = proposal::commit_of(&open.branch, project().first()).unwrap_or_default();
        let older = proposals.git.commit_named(name).unwrap_or_default();
        if older != commit && proposals.git.is_ancestor(&older, commit) {
            proposals.forge.close(&open, "older")?;
        }
    }
    Ok(())
}

/// Runs simulations in the orders that `scheduler` chooses.
fn explore(scheduler: impl Scheduler + 'static, protocol: Protocol) {
    let repository = Repository::new();
    repository.write("backend/src/main.rs", "unfinished\n");
    repository.write("notes.txt", "untracked\n");
    repository.write("README.md", "staged\n");
    repository.git(&["add", "README.md"]);
    let state = || repository.git(&["status", "--porcelain", "--branch"]);
    let before = state();
    let start = repository.git(&["rev-parse", "HEAD"]);
    let work = repository.sh.current_dir();
    let remote = repository.remote.clone();
    let memory = Memory::default();
    let mut config = shuttle::Config::new();
    // Starting a process takes more than the default.
    config.stack_size = 1 << 20;
    shuttle::Runner::new(scheduler, config).run(move || {
        let simulation = Simulation {
            work: work.clone(),
            remote: remote.clone(),
            registry: Registry::default(),
            forge: Forge::of(remote.clone()),
            door: Door::failing(Arc::new(AtomicUsize::new(2))),
            running: Arc::new(Mutex::new(PUSHES * protocol.runs().len())),
            memory: memory.clone(),
            pushes: Arc::default(),
            rewritten: Arc::default(),
            health: Health::default(),
            protocol,
        };
        simulation.begin(&start);
        simulation.run_all();
    });
    assert_eq!(state(), before, "rule 4");
}

/// Simulations of each test. `SIMULATIONS=1000 cargo test -p release races` runs more, for a change
/// of the protocol.
fn simulations() -> usize {
    let wanted = std::env::var("SIMULATIONS").ok();
    wanted.map_or(8, |number| number.parse().expect("SIMULATIONS is a number"))
}

#[test]
fn no_order_of_runs_breaks_a_rule() {
    explore(RandomScheduler::new_from_seed(1, simulations()), Protocol::Ours);
}

#[test]
fn no_run_that_is_held_up_for_long_breaks_a_rule() {
    explore(PctScheduler::new_from_seed(2, 4, simulations()), Protocol::Ours);
}

#[test]
fn no_order_of_runs_and_reports_gets_past_the_gate() {
    explore(
        RandomScheduler::new_from_seed(8, simulations() / 2),
        Protocol::Gated,
    );
    explore(
        PctScheduler::new_from_seed(9, 4, simulations() / 2),
        Protocol::Gated,
    );
}

#[test]
#[should_panic(expected = "rule 5")]
fn without_the_gate_what_is_not_proven_gets_there() {
    explore(RandomScheduler::new_from_seed(8, 200), Protocol::Ungated);
}

#[test]
fn two_runs_that_share_a_release_propose_all_of_it() {
    explore(
        RandomScheduler::new_from_seed(4, simulations() / 2),
        Protocol::Shared,
    );
    explore(
        PctScheduler::new_from_seed(5, 4, simulations() / 2),
        Protocol::Shared,
    );
}

#[test]
#[should_panic(expected = "rule")]
fn two_runs_that_each_wait_for_the_other_are_found_out() {
    explore(
        RandomScheduler::new_from_seed(6, 200),
        Protocol::SharedAskingFirst,
    );
}

#[test]
#[should_panic(expected = "rule 3")]
fn a_protocol_that_takes_a_lost_mark_for_no_release_is_found_out() {
    explore(RandomScheduler::new_from_seed(7, 200), Protocol::Forgetful);
}

#[test]
#[should_panic(expected = "rule")]
fn a_protocol_of_one_look_is_found_out() {
    explore(PctScheduler::new_from_seed(3, 4, 200), Protocol::OneLook);
}
