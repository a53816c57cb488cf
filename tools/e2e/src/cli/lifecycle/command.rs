//! What the commands that work on clusters differ in, before and after their steps.

use anyhow::{Context as _, Result, ensure};

use crate::{
    cli::options::Options,
    run::{
        Session,
        run_dir::RunDir,
        saved_state::{State, Up},
    },
    scenario::Scenario,
};

/// What earlier commands have left, as far as that can be read.
pub(crate) type Left = Result<Option<State>>;

/// A command that works on clusters.
pub(crate) trait Command {
    /// Whether all is brought up, which is announced first.
    const BRINGS_ALL_UP: bool = false;
    /// Whether it works on what another command has left running, and on nothing else.
    const GOES_ON: bool = false;
    /// Whether it works on that if all of it is up.
    const ATTACHES: bool = Self::GOES_ON;
    /// Whether scenarios are run.
    const RUNS_SCENARIOS: bool = false;
    /// Whether a report is written.
    const REPORTS: bool = false;
    /// Whether CI goes on in the background when something stays up.
    const LEAVES_CI_RUNNING: bool = Self::REPORTS;

    /// Whether a person is to look at what it brings up, so that Argo CD's interface is opened.
    const ADMITS_READERS: bool = false;

    /// The folder in which it writes.
    fn folder(&self, _: Left) -> Result<RunDir> {
        RunDir::create()
    }

    /// How many steps it has, with `scenarios` of them; `up` is what is up already.
    fn steps(&self, options: &Options, up: Option<&Up>, scenarios: usize) -> usize;

    /// Its steps.
    async fn carry_out(&self, session: &Session, chosen: &[&'static Scenario]) -> Result<()>;

    /// What follows where everything stays up, also after a failure or an interruption.
    async fn tidy(&self, _: &Session) -> Result<()> {
        Ok(())
    }

    /// What a person is told last, when it has gone well.
    fn last_words(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether what was brought up is removed at the end.
    fn removes(&self, _failed: bool, _keep: bool) -> bool {
        false
    }

    /// What a person does next after it was interrupted and what it brought up was removed.
    fn next_after_interrupt(&self) -> &'static str {
        SAME_AGAIN
    }

    /// What a person does next after it failed and was not interrupted.
    fn next_command(&self, kept: bool) -> &'static str {
        if kept {
            "look around, then `cargo xtask e2e down`"
        } else {
            "`cargo xtask e2e --keep`, to look around where it fails"
        }
    }
}

/// What a person does next after an interrupted bring-up.
const SAME_AGAIN: &str = "the same command again; what was built until now is kept";

/// For a command that cannot begin without what another has left.
pub(super) fn needed(left: Left) -> Result<State> {
    left?.context("nothing is up; run `cargo xtask e2e up` first")
}

/// For a command that cannot begin unless all of it is up.
pub(super) fn standing(left: Left) -> Result<State> {
    let state = needed(left)?;
    ensure!(
        state.up.is_some(),
        "only a part is up; run `cargo xtask e2e down`, then `cargo xtask e2e up`"
    );
    Ok(state)
}
