//! Entry point: reads the settings, then serves until somebody asks it to stop.

mod config;
mod health;
mod home;
mod router;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use serverkit::metrics::Metrics;
use serverkit::shutdown::Draining;

use crate::config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    serverkit::run(config.log.log.clone(), serve(config)).await
}

async fn serve(config: Config) -> Result<()> {
    tracing::info!(
        commit = config.app_commit,
        environment = config.environment,
        "starting"
    );
    let (draining, metrics) = (Draining::default(), Metrics::default());
    let router = router::router(&config, &draining, &metrics);
    serverkit::serve(&config.listen, router, &draining, metrics).await
}
