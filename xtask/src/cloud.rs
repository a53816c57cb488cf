//! What the tests of the templates of AWS need besides Rust: emulators, AWS' command line, this program and the backend.

use std::path::PathBuf;

use anyhow::Result;
use xshell::Shell;

use crate::build::toolchain::{Choice, Options};
use crate::dev::{self, Part};
use crate::{env, supplies};

/// Gets what is missing; the variables that lead the tests to it.
pub(crate) fn ready(sh: &Shell, install: bool) -> Result<Vec<(&'static str, PathBuf)>> {
    Ok(vec![
        ("CLOUD_TOOLS", supplies::cloud(sh, install)?),
        ("XTASK", env::this_program()?),
        ("BACKEND", env::target_dir(sh).join("debug/backend")),
    ])
}

/// Compiles the backend, whose calls are recorded; the same build as `cargo xtask dev` starts with.
pub(crate) fn build(sh: &Shell, install: bool) -> Result<()> {
    let options = Options {
        choice: Choice::Auto,
        install,
    };
    dev::build(sh, &[Part::Servers], options)
}
