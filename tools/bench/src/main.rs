//! Measures the application beside references: both sides in one run, taking turns, printed as
//! ratios.
//!
//! Started by `cargo xtask bench app` and `bench migration`, which build what is measured.

mod app;
mod chart;
mod claims;
mod database;
mod load;
mod migration;
mod report;
mod sdk;
mod server;
mod stats;
mod workload;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure backend and page under load
    App(app::Args),
    /// Measure a backfill of very many messages
    Migration(migration::Args),
    /// Serve an embedded `DynamoDB`: in a process of its own, so that its work is not counted as
    /// somebody else's
    #[command(hide = true)]
    Database,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Cli::parse().command {
        Command::App(args) => app::run(args).await,
        Command::Migration(args) => migration::run(args).await,
        Command::Database => database::serve().await,
    }
}
