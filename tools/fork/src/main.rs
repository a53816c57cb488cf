//! Entry point of `cargo xtask fork`: parses the command line and does what it says.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    taskkit::program::end(fork::Fork::parse().run())
}
