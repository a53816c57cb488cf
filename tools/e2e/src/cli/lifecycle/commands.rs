//! The commands that work on clusters.

use std::cell::OnceCell;

use anyhow::Result;

use super::{
    addresses,
    cleanup::{forget_diagnostics, remove, save_diagnostics},
    command::{Command, Left, needed, standing},
};
use crate::{
    cli::{demo, options::Options},
    run::{Session, bring_up, run_dir::RunDir, saved_state::Up as Standing},
    scenario::{Scenario, runner},
};

/// From nothing to the scenarios and back to nothing.
pub(crate) struct Proof;

impl Command for Proof {
    const BRINGS_ALL_UP: bool = true;
    const RUNS_SCENARIOS: bool = true;
    const REPORTS: bool = true;

    fn steps(&self, options: &Options, _: Option<&Standing>, scenarios: usize) -> usize {
        bring_up::everything(options.extent()).len() + scenarios + usize::from(!options.keep)
    }

    async fn carry_out(&self, session: &Session, chosen: &[&'static Scenario]) -> Result<()> {
        let mut testbed = Box::pin(bring_up::up(session)).await?;
        runner::run(session, &mut testbed, chosen).await
    }

    fn removes(&self, _: bool, keep: bool) -> bool {
        !keep
    }
}

/// Everything up, and left running for a person to look at.
#[derive(Default)]
pub(crate) struct Up {
    addresses: OnceCell<Vec<String>>,
}

impl Command for Up {
    const BRINGS_ALL_UP: bool = true;
    const REPORTS: bool = true;
    const ADMITS_READERS: bool = true;

    fn steps(&self, options: &Options, _: Option<&Standing>, _: usize) -> usize {
        bring_up::everything(options.extent()).len() + 1
    }

    async fn carry_out(&self, session: &Session, _: &[&'static Scenario]) -> Result<()> {
        let testbed = Box::pin(bring_up::up(session)).await?;
        let addresses = addresses::answering(session, &testbed).await?;
        // A command is carried out once.
        let _ = self.addresses.set(addresses);
        Ok(())
    }

    fn last_words(&self) -> Vec<String> {
        self.addresses.get().cloned().unwrap_or_default()
    }

    fn removes(&self, failed: bool, keep: bool) -> bool {
        failed && !keep
    }
}

/// Scenarios on what is up.
pub(crate) struct Run;

/// What a person does next after something that goes on from what is up.
const ONCE_MORE: &str = "`cargo xtask e2e run` once the cause is gone, or `cargo xtask e2e down`";

impl Command for Run {
    const GOES_ON: bool = true;
    const RUNS_SCENARIOS: bool = true;
    const REPORTS: bool = true;

    /// That of the run that brought it up.
    fn folder(&self, left: Left) -> Result<RunDir> {
        let state = standing(left)?;
        RunDir::open(&state.run, &state.folder)
    }

    fn steps(&self, _: &Options, _: Option<&Standing>, scenarios: usize) -> usize {
        bring_up::connection().len() + scenarios
    }

    async fn carry_out(&self, session: &Session, chosen: &[&'static Scenario]) -> Result<()> {
        let mut testbed = bring_up::attach(session).await?;
        forget_diagnostics(&session.run)?;
        runner::run(session, &mut testbed, chosen).await
    }

    fn next_command(&self, _: bool) -> &'static str {
        ONCE_MORE
    }
}

/// One change from a push to visitors who see it.
pub(crate) struct Demo(pub(crate) demo::Args);

impl Command for Demo {
    const GOES_ON: bool = true;

    fn folder(&self, left: Left) -> Result<RunDir> {
        let state = standing(left)?;
        RunDir::open(&state.run, &state.folder)
    }

    fn steps(&self, _: &Options, _: Option<&Standing>, _: usize) -> usize {
        demo::STEPS
    }

    async fn carry_out(&self, session: &Session, _: &[&'static Scenario]) -> Result<()> {
        demo::run(session, &self.0).await
    }

    fn next_after_interrupt(&self) -> &'static str {
        "`cargo xtask demo` once more changes the page again, on top of this"
    }

    fn next_command(&self, _: bool) -> &'static str {
        "`cargo xtask e2e logs` to save the state and logs of what is up, or `cargo xtask demo` once more"
    }
}

/// Nothing left.
pub(crate) struct Down;

impl Command for Down {
    fn steps(&self, _: &Options, _: Option<&Standing>, _: usize) -> usize {
        1
    }

    async fn carry_out(&self, session: &Session, _: &[&'static Scenario]) -> Result<()> {
        remove(session).await
    }

    fn next_command(&self, _: bool) -> &'static str {
        "`cargo xtask e2e down` once more"
    }
}

/// State and logs of what is up.
pub(crate) struct Logs;

impl Command for Logs {
    const GOES_ON: bool = true;

    fn folder(&self, left: Left) -> Result<RunDir> {
        let state = needed(left)?;
        RunDir::open(&state.run, &state.folder)
    }

    fn steps(&self, _: &Options, _: Option<&Standing>, _: usize) -> usize {
        1
    }

    async fn carry_out(&self, session: &Session, _: &[&'static Scenario]) -> Result<()> {
        session.find_engine()?;
        save_diagnostics(session).await
    }

    fn next_command(&self, _: bool) -> &'static str {
        ONCE_MORE
    }
}

/// All clusters, as far as their nodes find each other.
pub(crate) struct Clusters;

impl Command for Clusters {
    fn steps(&self, _: &Options, _: Option<&Standing>, _: usize) -> usize {
        bring_up::nodes().len()
    }

    async fn carry_out(&self, session: &Session, _: &[&'static Scenario]) -> Result<()> {
        bring_up::clusters(session).await
    }
}
