//! Entry point: reads the command line and the environment, then dispatches.

use std::process::ExitCode;

use backend::config::{Command, Config};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    let job = async {
        match config.command {
            Command::Serve(serve) => backend::serve::run(serve).await,
            Command::Migrate(migrate) => backend::migrate::run(migrate).await,
        }
    };
    serverkit::run(config.log.log, Box::pin(job)).await
}
