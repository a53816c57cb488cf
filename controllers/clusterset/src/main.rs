//! Entry point: reads the command line and the environment, then dispatches.

use std::process::ExitCode;

use clap::Parser;
use clusterset::config::{Command, Config};

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    let job = async {
        match config.command {
            Command::Run(run) => clusterset::run::run(*run).await,
            Command::Observe(eks) => clusterset::run::observe(&eks).await,
        }
    };
    serverkit::run(config.log.log, Box::pin(job)).await
}
