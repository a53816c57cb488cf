//! Entry point of a check: does it once, and says by its exit code how it went.

use std::process::ExitCode;

use clap::Parser as _;
use verifier::Check;

fn main() -> ExitCode {
    match Check::parse().run() {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
