//! Entry point of the verifier: reads its settings and looks at the cluster until it is stopped.

use std::process::ExitCode;

use clap::Parser as _;
use verifier::Settings;

fn main() -> ExitCode {
    match verifier::run(&Settings::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
