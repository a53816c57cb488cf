//! Entry point: reads the environment, then serves.

use std::process::ExitCode;

use clap::Parser;
use frontend::config::Config;

/// One lock for all threads is what musl's own allocator offers.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    frontend::init_telemetry(config.log.clone());
    match frontend::serve::run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "stopped by an error");
            ExitCode::FAILURE
        }
    }
}
