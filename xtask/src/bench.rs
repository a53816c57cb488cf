//! `cargo xtask bench …`: figures for the docs, measured or collected.

mod app;
mod ci;

use anyhow::Result;
use xshell::Shell;

use crate::flags::{self, BenchWhat, Handed};

/// Where figures are kept for people.
const DOCS: &str = "docs/benchmark";

impl flags::Bench {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        match self.what {
            BenchWhat::App {
                rounds,
                seconds,
                docs,
            } => app::run(sh, !self.no_install, rounds, seconds, docs),
            BenchWhat::Ci { run, docs } => ci::run(sh, run, docs),
            BenchWhat::Loop(harness) => measured("bench", harness, sh),
            BenchWhat::Scale(harness) => measured("bench-scale", harness, sh),
        }
    }
}

/// Has the e2e measure, by a command of its own.
fn measured(command: &str, mut harness: Handed, sh: &Shell) -> Result<()> {
    harness.args.insert(0, command.into());
    harness.e2e(sh)
}
