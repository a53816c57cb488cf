//! The command lines of the generators, as a part of that of `cargo xtask`.

mod apps;
mod environments; // wing: environments

use anyhow::Result;
use clap::{Parser, Subcommand};
use taskkit::alone::alone;
use taskkit::checkout::{self, KeptSettings};

pub(crate) use self::apps::{NewApp, RemoveApp};
pub(crate) use self::environments::{NewEnvironment, RemoveEnvironment}; // wing: environments

/// What makes and removes apps and environments.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
pub(crate) struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add an app: its crate, image, manifests and Application (docs/APPS.md)
    NewApp(NewApp),
    /// Remove an app that `new-app` made, and say what stays
    RemoveApp(RemoveApp),
    // wing: environments
    /// Add an environment between two: its overlays, branch, triggers and place in the AWS account
    /// (docs/ENVIRONMENTS.md)
    NewEnvironment(NewEnvironment),
    /// Remove an environment that `new-environment` made, and say what stays
    RemoveEnvironment(RemoveEnvironment),
    // end of wing
}

impl Flags {
    /// Runs the command in the checkout, one at a time, and prints what there is to say.
    pub(crate) fn run(self) -> Result<()> {
        checkout::forget_git(KeptSettings::Person)?;
        let root = &checkout::root()?;
        let _others_wait = alone(root)?;
        let said = match self.command {
            Command::NewApp(flags) => flags.run(root),
            Command::RemoveApp(flags) => flags.run(root),
            Command::NewEnvironment(flags) => flags.run(root), // wing: environments
            Command::RemoveEnvironment(flags) => flags.run(root), // wing: environments
        };
        print!("{}", said?);
        Ok(())
    }
}

// wing: house-rules
#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory as _;
    use documents::Own;

    use super::*;

    #[test]
    fn each_command_that_documents_name_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let own = Own::Named(&[
            "new-app",
            "remove-app",
            "new-environment",    // wing: environments
            "remove-environment", // wing: environments
        ]);
        let faults = documents::faults(&root, &Flags::command(), own);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
// end of wing
