//! Programs of this workspace with a command line of their own, compiled when they are first asked
//! for: this one becomes theirs, so that Ctrl-C and the exit code are their own.

use std::env::vars_os;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};
use taskkit::checkout::is_cargo_noise;
use xshell::Shell;

use crate::flags::Handed;

impl Handed {
    /// Becomes the program of this package.
    pub(crate) fn become_program(self, sh: &Shell, package: &str) -> Result<()> {
        start(sh, package, self.args, [])
    }

    /// Becomes a program that has this command among others.
    pub(crate) fn become_part(mut self, sh: &Shell, package: &str, command: &str) -> Result<()> {
        self.args.insert(0, command.into());
        self.become_program(sh, package)
    }
}

/// Becomes the program of this package. Answers only when it could not be started.
pub(crate) fn start<'a>(
    sh: &Shell,
    package: &str,
    args: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (&'a str, &'a OsStr)>,
) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(sh.current_dir())
        .args(["run", "--package", package, "--"])
        .args(args);
    for (name, _) in vars_os().filter(|(name, _)| name.to_str().is_some_and(is_cargo_noise)) {
        cargo.env_remove(name);
    }
    cargo.envs(variables);
    Err(cargo.exec()).with_context(|| format!("start `cargo run --package {package}`"))
}
