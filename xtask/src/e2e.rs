//! `cargo xtask e2e`: becomes the heavy harness, so that Ctrl-C and the exit code are its own.

use std::env::vars_os;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::env::{is_cargo_noise, this_program};
use crate::flags;

impl flags::E2e {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let mut harness = Command::new("cargo");
        harness
            .current_dir(sh.current_dir())
            .args(["run", "--package", "e2e", "--"])
            .args(self.args);
        for (name, _) in vars_os().filter(|(name, _)| name.to_str().is_some_and(is_cargo_noise)) {
            harness.env_remove(name);
        }
        // A scenario runs the verbs of this program in a repository of its own.
        harness.env("XTASK", this_program()?);
        // `exec` answers only when it failed.
        Err(harness.exec()).context("start `cargo run --package e2e`")
    }
}
