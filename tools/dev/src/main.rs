//! The program behind `cargo xtask dev`, which compiles everything and then becomes this.

use std::process::ExitCode;

use clap::Parser as _;
use dev::session::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    match dev::session::run(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
