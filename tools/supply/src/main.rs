//! Entry point of the program: parses the command line and runs the command.

#![warn(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "taskkit's `lines` writes where nobody reads, too"
)]

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
