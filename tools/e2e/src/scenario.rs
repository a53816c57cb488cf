//! The scenarios of a run, as data: what each needs to have run before, and how to run it.

pub(crate) mod list;
pub(crate) mod runner;
pub(crate) mod selection;
mod suite;

use std::future::Future;
use std::pin::Pin;

use anyhow::Result;

pub(crate) use self::suite::Suite;
use crate::run::{Step, StepHandle, Testbed};

/// One scenario.
pub(crate) struct Scenario {
    /// Its name for `--only`, its title, and how long it may take.
    pub(crate) step: Step,
    pub(crate) suite: Suite,
    /// The scenarios it continues from.
    pub(crate) needs: &'static [&'static str],
    /// Its row in docs/FAILURES.md, if it is about something that goes wrong.
    pub(crate) failure: Option<Failure>,
    pub(crate) run: Run,
}

/// What a person who meets the failure needs to know. Markdown, one or two sentences each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    /// What is done, or what breaks.
    pub(crate) cause: &'static str,
    /// What then happens by itself, for visitors and in Argo CD.
    pub(crate) effect: &'static str,
    /// The limits that the scenario asserts.
    pub(crate) within: &'static str,
    /// What to do about it.
    pub(crate) way_out: &'static str,
}

impl Failure {
    /// As it stands in a report.
    pub(crate) fn for_report(self) -> e2e_report::Failure {
        e2e_report::Failure {
            cause: self.cause.to_owned(),
            effect: self.effect.to_owned(),
            within: self.within.to_owned(),
            way_out: self.way_out.to_owned(),
        }
    }
}

/// Runs a scenario; an error is the first thing that did not hold.
pub(crate) type Run =
    for<'a> fn(&'a Testbed, &'a StepHandle) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;
