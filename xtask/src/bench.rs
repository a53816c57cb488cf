//! `cargo xtask bench …`: figures for the docs, measured or collected.

mod app;
mod ci;
mod migration;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::flags::{self, BenchWhat, Handed};
use taskkit::build;
use taskkit::build::toolchain::{Choice, Options};
use taskkit::missing::Missing;

/// Where figures are kept for people.
const DOCS: &str = "docs/benchmark";

impl flags::Bench {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let missing = Missing::of_flag(self.no_install);
        match self.what {
            BenchWhat::App {
                rounds,
                seconds,
                docs,
            } => app::run(sh, missing, rounds, seconds, docs),
            BenchWhat::Migration {
                messages,
                database,
                docs,
            } => migration::run(sh, missing, messages, &database, docs),
            BenchWhat::Ci { run, docs } => ci::run(sh, run, docs),
            BenchWhat::Loop(harness) => measured("bench", harness, sh),
            BenchWhat::Scale(harness) => measured("bench-scale", harness, sh),
        }
    }
}

/// Compiles the apps into a folder below `out`, as their images have them.
fn build_apps(sh: &Shell, out: &Path, missing: Missing) -> Result<PathBuf> {
    let dist = out.join("dist");
    let choice = Choice::Auto;
    build::apps(sh, &dist, Options { choice, missing })?;
    Ok(dist)
}

/// Copies results to where the docs read them.
fn keep(sh: &Shell, out: &Path, results: &[&str]) -> Result<()> {
    sh.create_dir(DOCS)?;
    for result in results {
        sh.copy_file(out.join(result), DOCS)
            .with_context(|| format!("keep {result} in {DOCS}"))?;
    }
    Ok(())
}

/// Has the e2e measure, by a command of its own.
fn measured(command: &str, mut harness: Handed, sh: &Shell) -> Result<()> {
    harness.args.insert(0, command.into());
    harness.e2e(sh)
}
