//! Entry point of `cargo xtask`: parses the command line and runs the command.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match xtask::flags::Flags::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        // On one line and without a backtrace: the chain of causes says where.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
