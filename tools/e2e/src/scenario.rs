//! The scenarios of a run, as data: what each needs to have run before, and how to run it.

use std::future::Future;
use std::pin::Pin;

use anyhow::Result;
use clap::ValueEnum;

use crate::progress::StepHandle;
use crate::step::Step;
use crate::testbed::Testbed;

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

/// Which scenarios belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// A commit goes live in staging and production. Each scenario continues from what the previous
    /// one released, so the first that fails ends the run.
    Main,
    /// What goes wrong. Each scenario begins and ends with everything Synced and Healthy, so a
    /// failure does not prevent the next one.
    Failures,
    /// Events of the forge that are lost. As independent as the failures, and run only on request:
    /// they wait for what comes by itself.
    Events,
    /// Apps that are added and removed. As independent as the failures, and run only on request:
    /// their programs have to be compiled.
    Apps,
    /// Clusters that join a hub, leave it and are lost. As independent as the failures, and run
    /// only on request: they need the topology `hub`.
    Clusters,
    // wing: verifier
    /// Production is given only what staging has verified. As independent as the failures, and run
    /// only on request: it brings a controller, and switches the gate on for what follows.
    Promotion,
    // end of wing
    /// What running clusters refuse. As independent as the failures, and run only on request.
    Posture,
    /// Rebuilds the images and compares them. Run only on request: everything is compiled again.
    Reproduction,
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

impl Suite {
    /// As it stands in a report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Failures => "failures",
            Self::Events => "events",
            Self::Apps => "apps",
            Self::Clusters => "clusters",
            Self::Promotion => "promotion", // wing: verifier
            Self::Posture => "posture",
            Self::Reproduction => "reproduction",
        }
    }
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
