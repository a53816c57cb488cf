//! Entry point: reads the settings, does its one job, and ends; the exit code says how it went.

mod config;
mod job;

use std::process::ExitCode;

use clap::Parser as _;

use crate::config::Config;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = Config::parse();
    serverkit::run(config.log.log.clone(), async { job::run(&config) }).await
}
