//! What a command is for, and what follows from it before and after its steps.

use crate::{loop_bench, options::Options, plan};

/// What a command that works on clusters is for.
#[derive(Debug, Clone)]
pub(crate) enum Goal {
    /// From nothing to the scenarios and back to nothing.
    Proof,
    /// Everything up, and left running.
    Up,
    /// Scenarios on what is up.
    Run,
    /// How long a merge takes to go live.
    Bench(loop_bench::Args),
    /// Nothing left.
    Down,
    /// State and logs of what is up.
    Logs,
    /// Both clusters, as far as their nodes find each other.
    Clusters,
}

impl Goal {
    /// Whether scenarios are run.
    pub(super) fn runs_scenarios(&self) -> bool {
        matches!(self, Self::Proof | Self::Run)
    }

    /// Whether a report is written.
    pub(super) fn reports(&self) -> bool {
        matches!(self, Self::Proof | Self::Up | Self::Run)
    }

    /// Whether all is brought up, which is announced first.
    pub(super) fn brings_all_up(&self) -> bool {
        matches!(self, Self::Proof | Self::Up)
    }

    /// Whether it works on what another command has left running, and cannot begin without.
    pub(super) fn needs_what_is_up(&self) -> bool {
        matches!(self, Self::Run | Self::Logs)
    }

    /// Whether CI goes on in the background when something stays up.
    pub(super) fn leaves_ci_running(&self) -> bool {
        self.reports() || matches!(self, Self::Bench(_))
    }

    /// How many steps it has, with `scenarios` of them.
    pub(super) fn steps(&self, options: &Options, scenarios: usize) -> usize {
        let up: usize = plan::up(options.admission).iter().map(Vec::len).sum();
        // Doctor and supply come first in any case.
        let harness = 2;
        match self {
            Self::Proof => up + scenarios + usize::from(!options.keep),
            Self::Up => up,
            Self::Run => harness + 1 + scenarios,
            Self::Bench(_) => harness + 2,
            Self::Clusters => harness + 3,
            Self::Down | Self::Logs => 1,
        }
    }

    /// Whether what was brought up is removed at the end.
    pub(super) fn removes(&self, failed: bool, keep: bool) -> bool {
        match self {
            Self::Proof | Self::Bench(_) => !keep,
            Self::Up => failed && !keep,
            _ => false,
        }
    }

    /// What a person does next after it failed.
    pub(super) fn next_command(&self, interrupted: bool, kept: bool) -> &'static str {
        match self {
            _ if interrupted && !kept => "the same command again; what was built until now is kept",
            Self::Down => "`cargo xtask e2e down` once more",
            Self::Run | Self::Logs => {
                "`cargo xtask e2e run` once the cause is gone, or `cargo xtask e2e down`"
            }
            _ if kept => "look around, then `cargo xtask e2e down`",
            _ => "`cargo xtask e2e --keep`, to look around where it fails",
        }
    }
}
