//! The command line of the release verbs, as a part of that of `cargo xtask`.

mod ci;
mod diff; // wing: diff

use anyhow::Result;
use clap::{Parser, Subcommand};
use taskkit::checkout::{self, KeptSettings};

use crate::environment;

pub(crate) use self::ci::{
    Ci, CiAdvance, CiBuild, CiController, CiPromote, CiPropose, Inputs, Releases, Rollback, Verb,
};
pub(crate) use self::diff::Diff; // wing: diff

/// The verbs that CI calls to release apps.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The release verbs that every CI file calls (docs/CI.md)
    Ci(Ci),
    /// Propose the images of an environment's previous release
    Rollback(Rollback),
    /// Say what each environment has, and how its releases have gone, from Git alone
    Releases(Releases),
    // wing: diff
    /// Show what a change does to each environment's manifests, as Markdown
    Diff(Diff),
    // end of wing
    /// Check that all that was compiled into apps counts as their content; `cargo xtask test` asks
    #[command(hide = true)]
    Inputs(Inputs),
}

impl Flags {
    /// Runs the command, from the root of the repository.
    pub fn run(self) -> Result<()> {
        // Settings handed over by `GIT_CONFIG_*` may hold a credential, by which a remote is
        // reached.
        checkout::forget_git(KeptSettings::Caller)?;
        environment::read()?;
        let sh = &checkout::shell()?;
        match self.command {
            Command::Ci(flags) => flags.run(sh),
            Command::Rollback(flags) => flags.run(sh),
            Command::Releases(flags) => flags.run(sh),
            Command::Diff(flags) => flags.run(sh), // wing: diff
            Command::Inputs(flags) => flags.run(sh),
        }
    }
}

#[cfg(test)]
mod tests {
    // wing: house-rules
    use std::path::Path;

    use documents::Own;
    // end of wing

    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Flags::command().debug_assert();
    }

    // wing: house-rules
    #[test]
    fn each_command_that_documents_name_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let own = Own::Named(&["ci", "rollback", "releases", "diff"]);
        let faults = documents::faults(&root, &Flags::command(), own);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
    // end of wing
}
