//! `cargo xtask doctor`: what this machine lacks, all at once, installed where that is possible.

use anyhow::{Result, bail};
use xshell::Shell;

use crate::build::toolchain::{self, Choice, Options, Target};
use crate::flags;

impl flags::Doctor {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let options = Options {
            choice: Choice::Auto,
            install: !self.no_install,
        };
        let mut faults = Vec::new();
        for target in [Target::Static, Target::Wasm] {
            match toolchain::prepare(sh, target, options) {
                Ok(prepared) => println!("{}: {}", target.triple(), prepared.source()),
                Err(fault) => faults.push(format!("{fault:#}")),
            }
        }
        if faults.is_empty() {
            println!("nothing is missing");
            return Ok(());
        }
        bail!("{} missing:\n  {}", faults.len(), faults.join("\n  "))
    }
}
