//! Entry point of `cargo xtask aws`: parses the command line and runs the verb.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    taskkit::program::end(stacks::Aws::parse().run())
}
