//! Progress of a run for people: one line a step, with a spinner on a terminal and plain lines
//! elsewhere. The same events become the records of the report. Written to stderr, so that stdout
//! carries only the report.

mod clock;
mod step;

use std::{
    collections::BTreeMap,
    io::IsTerminal,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Result, anyhow};
use e2e_report::{Kind, Outcome};
use indicatif::MultiProgress;
use taskkit::lines;

pub(crate) use step::StepHandle;
use step::Unfinished;

use crate::{report::recorder::Recorder, run::Step};

/// Seconds each step took the last time it passed.
pub(crate) type History = BTreeMap<String, f64>;

/// All lines of one run. `Clone` is another handle on the same lines.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Inner>);

struct Inner {
    bars: Option<MultiProgress>,
    total: usize,
    history: History,
    recorder: Recorder,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    begun: usize,
}

impl Progress {
    /// `total` is how many steps will come; `history` what the last run took.
    pub(crate) fn new(total: usize, history: History) -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self(Arc::new(Inner {
            bars,
            total,
            history,
            recorder: Recorder::new(),
            state: Mutex::default(),
        }))
    }

    /// A line that belongs to no step.
    pub(crate) fn say(&self, line: &str) {
        self.0.say(line);
    }

    /// Runs `body` as `step`: shows it, bounds it by its budget and records how it went. A body
    /// that is dropped half-way (Ctrl-C, a sibling's failure) is recorded as interrupted.
    pub(crate) async fn step<T>(
        &self,
        step: &Step,
        body: impl AsyncFnOnce(&StepHandle) -> Result<T>,
    ) -> Result<T> {
        self.carry_out(Kind::Step, step, async |_| Ok(()), body).await
    }

    /// The same for a step that proves something. It begins when `wait` has ended, which bounds
    /// itself: budget and record are of what the step does itself.
    pub(crate) async fn scenario(
        &self,
        step: &Step,
        wait: impl AsyncFnOnce(&StepHandle) -> Result<()>,
        body: impl AsyncFnOnce(&StepHandle) -> Result<()>,
    ) -> Result<()> {
        self.carry_out(Kind::Scenario, step, wait, body).await
    }

    /// What else is recorded beside the steps.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    async fn carry_out<T>(
        &self,
        kind: Kind,
        step: &Step,
        wait: impl AsyncFnOnce(&StepHandle) -> Result<()>,
        body: impl AsyncFnOnce(&StepHandle) -> Result<T>,
    ) -> Result<T> {
        let handle = StepHandle::begin(Arc::clone(&self.0), kind, *step);
        // Not when the last handle goes: a thread of the supply may hold one until its tool has
        // ended.
        let _guard = Unfinished(handle.clone());
        let awaited = wait(&handle).await;
        let result = match awaited {
            Ok(()) => {
                handle.waited();
                let done = tokio::time::timeout(step.budget, body(&handle)).await;
                done.unwrap_or_else(|_| {
                    Err(anyhow!(
                        "not done within {} s; was at: {}",
                        step.budget.as_secs(),
                        handle.last_words()
                    ))
                })
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(value) => {
                handle.end(Outcome::Passed);
                Ok(value)
            }
            Err(error) => {
                handle.end(Outcome::Failed(format!("{error:#}")));
                Err(error.context(format!("step `{}`", step.title)))
            }
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, line: &str) {
        match &self.bars {
            // Only fails when stderr is gone, and then nobody reads it.
            Some(bars) => drop(bars.println(line)),
            None => lines::to_stderr(line),
        }
    }
}

#[cfg(test)]
mod tests;
