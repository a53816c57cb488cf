//! Entry point of `cargo xtask book`: makes a site of the pages.

mod flags;
mod links;
mod pages;
mod repository;
mod site;
mod whole;

use std::process::ExitCode;

use clap::Parser as _;

use crate::flags::Flags;

fn main() -> ExitCode {
    let Flags {} = Flags::parse();
    taskkit::program::end(Flags::run())
}
