//! Entry point of the keeper of previews: reads its settings and goes its rounds until it is
//! stopped.

use std::process::ExitCode;

use clap::Parser as _;
use verifier::previews::{self, Settings};

fn main() -> ExitCode {
    match previews::run(&Settings::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
