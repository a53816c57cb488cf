//! `cargo xtask doctor`: what this machine lacks, all at once, installed where that is possible.

use anyhow::{Result, bail};
use xshell::Shell;

use crate::flags;
use crate::supply::{self, Support};
use taskkit::build::toolchain::{self, Choice, Options, Target};
use taskkit::environment::project;
use taskkit::missing::Missing;

impl flags::Doctor {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let missing = Missing::of_flag(self.no_install);
        let mut faults = Vec::new();
        let has_pages = project().apps().iter().any(|app| app.browser_package().is_some());
        for target in [Target::Static, Target::Wasm] {
            if target == Target::Wasm && !has_pages {
                continue;
            }
            match toolchain::prepare(
                sh,
                target,
                Options {
                    choice: Choice::Auto,
                    missing,
                },
            ) {
                Ok(prepared) => println!("{}: {}", target.triple(), prepared.source()),
                Err(fault) => faults.push(format!("{fault:#}")),
            }
        }
        let findings = supply::examine(sh, missing)?;
        faults.extend(findings.faults);
        tell_support(&findings.support);
        if faults.is_empty() {
            println!("nothing is missing");
            return Ok(());
        }
        bail!("{} missing:\n  {}", faults.len(), faults.join("\n  "))
    }
}

/// Nothing that this machine lacks, but what a person who looks after the repository should know.
fn tell_support(support: &Support) {
    for end in &support.due {
        println!("due: {end}");
    }
    // What is due may be no end, only a part to be looked at again.
    if let Some(first) = &support.first
        && !support.due.contains(first)
    {
        println!("support: {first}");
    }
    for undated in &support.undated {
        println!("support: {undated}");
    }
    for kept in &support.kept {
        println!("past its support on purpose: {kept}");
    }
}
