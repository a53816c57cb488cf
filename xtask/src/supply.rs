//! `cargo xtask supply`: the parts of the end-to-end run, and the cache they lie in. The work is
//! that of the program `supply`, which is compiled when it is first needed; tasks and tests ask it
//! by `program.rs` and read JSON.

mod parts;
mod program;

use std::env::vars_os;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};
use xshell::Shell;

pub(crate) use self::parts::*;
pub(crate) use self::program::{Kind, kind};
use crate::env::is_cargo_noise;
use crate::flags;

impl flags::Supply {
    /// Becomes the program, so that Ctrl-C and the exit code are its own.
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let mut supply = Command::new("cargo");
        supply
            .current_dir(sh.current_dir())
            .args(["run", "--package", program::PACKAGE, "--"])
            .args(self.args);
        for (name, _) in vars_os().filter(|(name, _)| name.to_str().is_some_and(is_cargo_noise)) {
            supply.env_remove(name);
        }
        // `exec` answers only when it failed.
        Err(supply.exec()).context("start `cargo run --package supply`")
    }
}
