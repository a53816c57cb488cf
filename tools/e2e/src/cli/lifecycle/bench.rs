//! The commands that measure.

use std::cell::OnceCell;

use anyhow::Result;

use super::command::{Command, Left};
use crate::{
    bench::{loop_bench, scale_bench},
    cli::options::Options,
    run::{
        Session, Testbed, bring_up,
        run_dir::RunDir,
        saved_state::{State, Up},
    },
    scenario::Scenario,
};

/// What is measured: how long a merge takes to go live, or what many apps cost.
pub(crate) enum Measured {
    Loop(loop_bench::Args),
    Scale(scale_bench::Args),
}

/// A measurement, on what is up or on what is brought up for it.
pub(crate) struct Bench {
    what: Measured,
    testbed: OnceCell<Testbed>,
    /// What releases change, from when it was noted.
    before: OnceCell<loop_bench::Before>,
}

impl Bench {
    pub(crate) fn of(what: Measured) -> Self {
        Self {
            what,
            testbed: OnceCell::new(),
            before: OnceCell::new(),
        }
    }
}

impl Command for Bench {
    const ATTACHES: bool = true;
    const LEAVES_CI_RUNNING: bool = true;

    fn folder(&self, left: Left) -> Result<RunDir> {
        match left {
            Ok(Some(state)) if state.up.is_some() => RunDir::open(&state.run, &state.folder),
            _ => RunDir::create(),
        }
    }

    fn steps(&self, options: &Options, up: Option<&Up>, _: usize) -> usize {
        let before = match up {
            Some(_) => bring_up::connection(),
            None => bring_up::everything(options.extent()),
        };
        // It is removed or put back at the end.
        before.len() + 2
    }

    async fn carry_out(&self, session: &Session, _: &[&'static Scenario]) -> Result<()> {
        let is_up = State::load(&session.cache)?.is_some_and(|state| state.up.is_some());
        let testbed = if is_up {
            bring_up::attach(session).await?
        } else {
            Box::pin(bring_up::up(session)).await?
        };
        let testbed = self.testbed.get_or_init(|| testbed);
        match &self.what {
            Measured::Loop(args) => Box::pin(loop_bench::run(session, testbed, args, &self.before)).await,
            Measured::Scale(args) => Box::pin(scale_bench::run(session, testbed, args)).await,
        }
    }

    async fn tidy(&self, session: &Session) -> Result<()> {
        let Some(testbed) = self.testbed.get() else {
            return Ok(());
        };
        match (&self.what, self.before.get()) {
            (Measured::Scale(_), _) => scale_bench::tidy(session, testbed).await,
            (Measured::Loop(_), Some(before)) => Box::pin(loop_bench::tidy(session, testbed, before)).await,
            (Measured::Loop(_), None) => Ok(()),
        }
    }

    fn removes(&self, _: bool, keep: bool) -> bool {
        !keep
    }

    fn next_command(&self, kept: bool) -> &'static str {
        if kept {
            "look around, then `cargo xtask e2e down`"
        } else {
            "the same command with `--keep`, to look around where it fails; what was up before it still is"
        }
    }
}
