//! Entry point of `cargo xtask new-app` and the other generators: parses the command line and does
//! what it says.

mod apps;
mod environments; // wing: environments
mod flags;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    taskkit::program::end(flags::Flags::parse().run())
}
