//! The whole command line of `cargo xtask`: every command here, those with verbs of their own in a
//! file each.

mod bench; // wing: bench
mod build;
mod dev; // wing: dev
mod hooks; // wing: secrets
mod pictures; // wing: browser
mod security; // wing: security

use std::ffi::OsString;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use taskkit::checkout::{self, KeptSettings};
use taskkit::environment;

pub(crate) use self::bench::{Bench, BenchWhat}; // wing: bench
pub(crate) use self::build::Build;
pub(crate) use self::dev::{Dev, Part}; // wing: dev
pub(crate) use self::hooks::{Hooks, HooksVerb}; // wing: secrets
pub(crate) use self::pictures::Pictures; // wing: browser
pub(crate) use self::security::Security; // wing: security

/// Every task of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    // wing: e2e
    /// Prove the whole loop on this machine, from nothing and back to nothing (`cargo xtask e2e
    /// --help`)
    #[command(disable_help_flag = true)]
    E2e(Handed),
    /// Change the page by a line on what `e2e up` left running, and watch it go live (`--merge`
    /// merges too)
    #[command(disable_help_flag = true)]
    Demo(Handed),
    // end of wing
    // wing: dev
    /// Run the message board on this machine, without containers, and rebuild it on every saved
    /// file
    Dev(Dev),
    // end of wing
    /// Run every test that needs no cluster
    Test(Test),
    /// Check formatting, lints, manifests and dependency rules
    Check(Check),
    // wing: sample
    /// Fuzz the API: send it requests made from its own description, valid and invalid
    Fuzz(Fuzz),
    /// Write crates/api/openapi.json from the code
    Openapi(Openapi),
    // end of wing
    /// Compile what the images contain: static binaries and the browser bundle
    Build(Build),
    /// The release verbs that every CI file calls (docs/CI.md)
    #[command(disable_help_flag = true)]
    Ci(Handed),
    /// Propose the images of an environment's previous release
    #[command(disable_help_flag = true)]
    Rollback(Handed),
    /// Say what each environment has, and how its releases have gone, from Git alone
    #[command(disable_help_flag = true)]
    Releases(Handed),
    // wing: aws
    /// Plan, deploy or destroy the CloudFormation stacks of infra/aws (docs/AWS.md)
    #[command(disable_help_flag = true)]
    Aws(Handed),
    // end of wing
    // wing: fork
    /// Make this copy your own: its names, account, region and repository; without options, print
    /// them (docs/FORK.md)
    #[command(disable_help_flag = true)]
    Fork(Handed),
    /// Take over what is new in the template, as a branch to review (docs/FORK.md)
    #[command(disable_help_flag = true)]
    Update(Handed),
    // end of wing
    // wing: generators
    /// Add an app: its crate, image, manifests and Application (docs/APPS.md)
    #[command(disable_help_flag = true)]
    NewApp(Handed),
    /// Remove an app that `new-app` made, and say what stays
    #[command(disable_help_flag = true)]
    RemoveApp(Handed),
    // end of wing
    // wing: environments
    /// Add an environment between two: its overlays, branch, triggers and place in the AWS account
    /// (docs/ENVIRONMENTS.md)
    #[command(disable_help_flag = true)]
    NewEnvironment(Handed),
    /// Remove an environment that `new-environment` made, and say what stays
    #[command(disable_help_flag = true)]
    RemoveEnvironment(Handed),
    // end of wing
    // wing: hub
    /// Move traffic to another cluster step by step, and back by itself if that does badly
    /// (docs/CLUSTERS.md)
    #[command(disable_help_flag = true)]
    Shift(Handed),
    // end of wing
    // wing: diff
    /// Show what a change does to each environment's manifests, as Markdown
    #[command(disable_help_flag = true)]
    Diff(Handed),
    // end of wing
    // wing: security
    /// Write the tables of docs/SECURITY.md and docs/CHECKLIST.md from their lists
    Security(Security),
    // end of wing
    // wing: secrets
    /// Install or remove Git's pre-commit hook that looks for secrets
    Hooks(Hooks),
    // end of wing
    /// List what this machine lacks for building and testing, and install it where possible
    Doctor(Doctor),
    // wing: browser
    /// Make the pictures that documents show anew (docs/DEVELOPING.md)
    Pictures(Pictures),
    // end of wing
    // wing: book
    /// Make a site of the pages of this repository, with search
    #[command(disable_help_flag = true)]
    Book(Handed),
    // end of wing
    // wing: bench
    /// Measure the application, CI or the loop, each beside a reference
    Bench(Bench),
    // end of wing
    // wing: supply
    /// Build, list or prune the cached parts of the e2e: Kubernetes, Argo CD, forge, AWS emulator
    #[command(disable_help_flag = true)]
    Supply(Handed),
    // end of wing
}

/// Arguments of a program that has a command line of its own, handed on unread.
#[derive(Debug, Args)]
pub(crate) struct Handed {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    pub(crate) no_install: bool,
    /// Run only the suites whose name contains this
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Check only what the date alone may turn red: advisories and ends of support
    #[arg(long)]
    pub(crate) dated: bool,
}

// wing: sample
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Examples for each operation, and sequences of operations
    #[arg(long, default_value_t = 200)]
    pub(crate) examples: u32,
    /// Repeat the run that printed this seed
    #[arg(long)]
    pub(crate) seed: Option<u128>,
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    pub(crate) no_install: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Openapi {
    /// Write nothing: fail if the file is not what the code says
    #[arg(long)]
    pub(crate) check: bool,
}
// end of wing

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    pub(crate) no_install: bool,
}

impl Flags {
    /// Runs the command, from the root of the repository.
    pub fn run(self) -> Result<()> {
        checkout::forget_git(self.command.kept_settings())?;
        if self.command.needs_project() {
            environment::read()?;
        }
        let sh = &checkout::shell()?;
        match self.command {
            Command::E2e(handed) => handed.e2e(sh),   // wing: e2e
            Command::Demo(handed) => handed.demo(sh), // wing: e2e
            Command::Dev(flags) => flags.run(sh),     // wing: dev
            Command::Test(flags) => flags.run(sh),
            Command::Check(flags) => flags.run(sh),
            Command::Fuzz(flags) => flags.run(sh),    // wing: sample
            Command::Openapi(flags) => flags.run(sh), // wing: sample
            Command::Build(flags) => flags.run(sh),
            Command::Ci(handed) => handed.become_part(sh, "release", "ci"),
            Command::Rollback(handed) => handed.become_part(sh, "release", "rollback"),
            Command::Releases(handed) => handed.become_part(sh, "release", "releases"),
            Command::Diff(handed) => handed.become_part(sh, "release", "diff"), // wing: diff
            Command::Aws(handed) => handed.become_program(sh, "stacks"),        // wing: aws
            Command::Fork(handed) => handed.become_part(sh, "fork", "fork"),    // wing: fork
            Command::Update(handed) => handed.become_part(sh, "fork", "update"), // wing: fork
            Command::Security(flags) => flags.run(sh),                          // wing: security
            Command::NewApp(handed) => handed.become_part(sh, "generators", "new-app"), // wing: generators
            Command::RemoveApp(handed) => handed.become_part(sh, "generators", "remove-app"), // wing: generators
            Command::NewEnvironment(handed) => handed.become_part(sh, "generators", "new-environment"), // wing: environments
            Command::RemoveEnvironment(handed) => handed.become_part(sh, "generators", "remove-environment"), // wing: environments
            Command::Shift(handed) => handed.become_program(sh, "shift"), // wing: hub
            Command::Hooks(flags) => flags.run(sh),                       // wing: secrets
            Command::Doctor(flags) => flags.run(sh),
            Command::Pictures(flags) => flags.run(sh), // wing: browser
            Command::Book(handed) => handed.become_program(sh, "book"), // wing: book
            Command::Bench(flags) => flags.run(sh),    // wing: bench
            Command::Supply(handed) => handed.become_program(sh, "supply"), // wing: supply
        }
    }
}

impl Command {
    /// Settings handed over by `GIT_CONFIG_*` may hold a credential, by which some reach a remote.
    #[allow(clippy::match_same_arms, reason = "a copy may be without some")]
    fn kept_settings(&self) -> KeptSettings {
        match self {
            Self::Ci(_) | Self::Rollback(_) | Self::Releases(_) => KeptSettings::Caller,
            Self::Diff(_) => KeptSettings::Caller,   // wing: diff
            Self::Update(_) => KeptSettings::Caller, // wing: fork
            _ => KeptSettings::Person,
        }
    }

    /// Whether it is about the project of this checkout.
    #[allow(clippy::unused_self, reason = "a copy may be without hooks")]
    fn needs_project(&self) -> bool {
        // wing: secrets
        // Hooks go into any repository.
        if matches!(self, Self::Hooks(_)) {
            return false;
        }
        // end of wing
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Flags::command().debug_assert();
    }

    // wing: supply
    #[test]
    fn supply_takes_every_argument_unread() {
        let flags = Flags::parse_from(["cargo xtask", "supply", "--help"]);
        let Command::Supply(supply) = flags.command else {
            panic!("not supply: {flags:?}")
        };
        assert_eq!(supply.args, ["--help"]);
    }
    // end of wing

    // wing: e2e
    #[test]
    fn e2e_takes_every_argument_unread() {
        let flags = Flags::parse_from(["cargo xtask", "e2e", "run", "--only", "x", "--help"]);
        let Command::E2e(e2e) = flags.command else {
            panic!("not e2e: {flags:?}")
        };
        assert_eq!(e2e.args, ["run", "--only", "x", "--help"]);
    }
    // end of wing
}
