//! Entry point: reads the command line and the environment, then dispatches.

use std::process::ExitCode;

use backend::config::{Command, Config};
use clap::Parser;

/// One lock for all threads is what musl's own allocator offers.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    backend::init_telemetry(config.log);
    let result = match config.command {
        Command::Serve(serve) => backend::serve::run(serve).await,
        Command::Migrate(migrate) => backend::migrate::run(migrate).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "stopped by an error");
            ExitCode::FAILURE
        }
    }
}
