//! Entry point of `cargo xtask new-app` and the other generators: parses the command line and does
//! what it says.

mod apps;
mod changes;
mod digests;
mod environments; // wing: environments
mod flags;
mod history;
mod moves;
mod project_file;
mod removed;
mod tables;
mod worktree;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    taskkit::program::end(flags::Flags::parse().run())
}
