//! Entry point of `cargo xtask fork` and `update`: parses the command line and does what it says.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    fork::Flags::parse().run()
}
