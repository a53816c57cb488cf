//! Entry point: reads the command line and the environment, then dispatches.

use std::process::ExitCode;

use clap::Parser;
use clusterset::config::{Command, Config};
use tracing::level_filters::LevelFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    let job = async {
        match config.command {
            Command::Run(run) => clusterset::run::run(*run).await,
            Command::Observe(eks) => clusterset::run::observe(&eks).await,
        }
    };
    // It logs as an error what this program asks for only to know whether a cluster answers.
    let log = config
        .log
        .log
        .with_target("kube_client::client::builder", LevelFilter::OFF);
    serverkit::run(log, Box::pin(job)).await
}
