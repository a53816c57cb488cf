//! Entry point of the release verbs: parses the command line and runs the verb.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    taskkit::program::end(release::flags::Flags::parse().run())
}
