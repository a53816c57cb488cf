//! Entry point of `cargo xtask`: parses the command line and runs the command.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    taskkit::program::end(xtask::flags::Flags::parse().run())
}
