//! Entry point: reads the settings, then works until somebody asks it to stop.

mod alive;
mod config;
mod state;
mod work;

use std::process::ExitCode;

use clap::Parser as _;

use crate::config::{Command, Config};

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    match config.command {
        None => serverkit::run(config.log.log.clone(), work::run(config)).await,
        Some(Command::Alive) => serverkit::run(config.log.log.clone(), async { alive::check(&config) }).await,
    }
}
