//! `cargo xtask doctor`: what this machine lacks, all at once, installed where that is possible.

use anyhow::{Result, bail};
use supply::support::{Support, today};
use supply::{Mode, doctor};
use xshell::Shell;

use crate::build::toolchain::{self, Choice, Options, Target};
use crate::flags;
use crate::supplies::{Lines, logs};

impl flags::Doctor {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let install = !self.no_install;
        let mut faults = Vec::new();
        for target in [Target::Static, Target::Wasm] {
            match toolchain::prepare(
                sh,
                target,
                Options {
                    choice: Choice::Auto,
                    install,
                },
            ) {
                Ok(prepared) => println!("{}: {}", target.triple(), prepared.source()),
                Err(fault) => faults.push(format!("{fault:#}")),
            }
        }
        let logs = logs(sh);
        let outside = doctor::groups(Mode::Auto, &logs)?;
        // Its error would be the same faults in one text; they are listed one by one below.
        let _ = doctor::ready(&outside, install, &Lines, &logs);
        faults.extend(doctor::faults(&outside, &logs)?.iter().map(ToString::to_string));
        tell_support()?;
        if faults.is_empty() {
            println!("nothing is missing");
            return Ok(());
        }
        bail!("{} missing:\n  {}", faults.len(), faults.join("\n  "))
    }
}

/// Nothing that this machine lacks, but what a person who looks after the repository should know.
fn tell_support() -> Result<()> {
    let support = Support::load()?;
    let due = support.due(today());
    for end in &due {
        println!("due: {end}");
    }
    if due.is_empty()
        && let Some(first) = support.first()
    {
        println!("support: {first}");
    }
    for undated in support.undated() {
        println!("support: {undated}");
    }
    for kept in support.kept() {
        println!("past its support on purpose: {kept}");
    }
    Ok(())
}
