//! `cargo xtask bench`: figures for the docs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::flags::Handed;

#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) what: BenchWhat,
    /// Install nothing: name what is missing and stop
    #[arg(long, global = true)]
    pub(crate) no_install: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchWhat {
    /// Backend and page under load, beside the bare emulator and a Go service; writes
    /// target/bench/app.{json,svg,md}
    App {
        /// How often each pair is measured
        #[arg(long, default_value_t = 5)]
        rounds: u32,
        /// Seconds of load for each contender and round
        #[arg(long, default_value_t = 4)]
        seconds: u64,
        /// Keep the results in docs/benchmark too, for docs/BENCHMARK.md
        #[arg(long)]
        docs: bool,
    },
    /// A backfill of very many messages, beside plain writes of the same messages in the same
    /// emulator; writes target/bench/migration.{json,md}
    Migration {
        /// Messages in the table
        #[arg(long, default_value_t = 1_000_000)]
        messages: u32,
        /// `dynamodb-local`, `localstack` or `embedded`
        #[arg(long, default_value = "dynamodb-local")]
        database: String,
        /// Keep the results in docs/benchmark too, for docs/MIGRATIONS.md
        #[arg(long)]
        docs: bool,
    },
    /// What the runs of each CI system took, from what a run of the e2e kept of them
    Ci {
        /// The folder of the run; the newest under target/e2e in which CI did something
        #[arg(value_name = "RUN_DIR")]
        run: Option<PathBuf>,
        /// Keep the results in docs/benchmark, for docs/CI.md; systems that did not run keep what
        /// they have
        #[arg(long)]
        docs: bool,
    },
    /// From a merge until only the new version answers: webhook, annotation, polling
    /// (`cargo xtask bench loop --help`)
    #[command(disable_help_flag = true)]
    Loop(Handed),
    /// Ten, a hundred and a thousand apps under our settings and upstream's: time, memory, CPU
    /// (`cargo xtask bench scale --help`)
    #[command(disable_help_flag = true)]
    Scale(Handed),
}
