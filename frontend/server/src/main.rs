//! Entry point: reads the environment, then serves.

use std::process::ExitCode;

use clap::Parser;
use frontend::config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    serverkit::run(config.log.log.clone(), frontend::serve::run(config)).await
}
