//! The whole command line of `cargo xtask`: every command here, those with verbs of their own in a
//! file each.

mod apps;
mod aws;
mod bench;
mod ci;
mod fork;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::build::toolchain::Choice;
use crate::dev::Part;
use crate::env;
use crate::environment;

pub(crate) use self::apps::{NewApp, RemoveApp};
pub(crate) use self::aws::{Aws, AwsDeploy, AwsDestroy, AwsTarget, AwsVerb};
pub(crate) use self::bench::{Bench, BenchWhat};
pub(crate) use self::ci::{Ci, CiBuild, CiPromote, CiPropose, Rollback, Verb};
pub(crate) use self::fork::{Fork, GitHub};

/// Every task of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove the whole loop on this machine, from nothing and back to nothing
    /// (`cargo xtask e2e --help`)
    #[command(disable_help_flag = true)]
    E2e(E2e),
    /// Run the message board on this machine, without containers, and rebuild it on every saved
    /// file
    Dev(Dev),
    /// Run every test that needs no cluster
    Test(Test),
    /// Check formatting, lints, manifests and dependency rules
    Check(Check),
    /// Fuzz the API: send it requests made from its own description, valid and invalid
    Fuzz(Fuzz),
    /// Write crates/api/openapi.json from the code
    Openapi(Openapi),
    /// Compile what the images contain: static binaries and the browser bundle
    Build(Build),
    /// The release verbs that every CI file calls (docs/CI.md)
    Ci(Ci),
    /// Propose the images of an environment's previous release
    Rollback(Rollback),
    /// Plan, deploy or destroy the CloudFormation stacks of infra/aws (docs/AWS.md)
    Aws(Aws),
    /// Make this copy your own: its names, account, region and repository; without options, print
    /// them (docs/FORK.md)
    Fork(Fork),
    /// Add an app: its crate, image, manifests and Application (docs/APPS.md)
    NewApp(NewApp),
    /// Remove an app that `new-app` made, and say what stays
    RemoveApp(RemoveApp),
    /// Show what a change does to each environment's manifests, as Markdown
    Diff(Diff),
    /// Write the tables of docs/SECURITY.md and docs/CHECKLIST.md from their lists
    Security(Security),
    /// Install or remove Git's pre-commit hook that looks for secrets
    Hooks(Hooks),
    /// List what this machine lacks for building and testing, and install it where possible
    Doctor(Doctor),
    /// Measure the application, CI or the loop, each beside a reference
    Bench(Bench),
    /// Build, list or prune the cached parts of the e2e: Kubernetes, Argo CD, forge, AWS emulator
    #[command(disable_help_flag = true)]
    Supply(Supply),
}

/// Arguments for the harness, handed on unread.
#[derive(Debug, Args)]
pub(crate) struct E2e {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Port of the page; 0 lets the system choose
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Messages on the board at the start
    #[arg(long, default_value_t = 45)]
    pub(crate) messages: usize,
    #[command(flatten)]
    pub(crate) toolchain: Toolchain,
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
pub(crate) struct Check {}

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

#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Folder for the result: one folder per app, each the build context of its image
    #[arg(long, default_value = "target/dist")]
    pub(crate) out: PathBuf,
    /// Compile for this machine and quickly, as `dev` and the browser tests run it: into
    /// target/debug and target/dev
    #[arg(long, conflicts_with = "out")]
    pub(crate) dev: bool,
    /// With --dev: compile this part alone
    #[arg(long, value_enum, requires = "dev")]
    pub(crate) only: Vec<Part>,
    #[command(flatten)]
    pub(crate) toolchain: Toolchain,
}

/// How the two targets outside the host's own are compiled.
#[derive(Debug, Args)]
pub(crate) struct Toolchain {
    /// Where the standard libraries for musl and wasm come from
    #[arg(long, value_enum, default_value_t = Choice::Auto, env = "XTASK_TOOLCHAIN")]
    pub(crate) toolchain: Choice,
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    pub(crate) no_install: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// Commit before the change
    pub(crate) base: String,
    /// Commit after the change
    #[arg(default_value = "HEAD")]
    pub(crate) head: String,
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    pub(crate) no_install: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Security {
    /// Write nothing: fail if a page differs from its list
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Hooks {
    #[command(subcommand)]
    pub(crate) verb: HooksVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HooksVerb {
    /// Install or update Git's pre-commit hook; a hook that is not ours is reported and left alone
    Install {
        /// Install no program: stop if gitleaks is not here
        #[arg(long)]
        no_install: bool,
    },
    /// Remove that hook
    Remove,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    pub(crate) no_install: bool,
}

/// Arguments for the program `supply`, handed on unread.
#[derive(Debug, Args)]
pub(crate) struct Supply {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<OsString>,
}

impl Flags {
    /// Runs the command, from the root of the repository.
    pub fn run(self) -> Result<()> {
        // Settings handed over by `GIT_CONFIG_*` may hold a credential, by which these reach a
        // remote.
        env::forget_git(matches!(
            self.command,
            Command::Ci(_) | Command::Rollback(_) | Command::Diff(_)
        ))?;
        // Hooks go into any repository.
        if !matches!(self.command, Command::Hooks(_)) {
            environment::read()?;
        }
        let sh = &env::shell()?;
        match self.command {
            Command::E2e(flags) => flags.run(sh),
            Command::Dev(flags) => flags.run(sh),
            Command::Test(flags) => flags.run(sh),
            Command::Check(Check {}) => Check::run(sh),
            Command::Fuzz(flags) => flags.run(sh),
            Command::Openapi(flags) => flags.run(sh),
            Command::Build(flags) => flags.run(sh),
            Command::Ci(flags) => flags.run(sh),
            Command::Rollback(flags) => flags.run(sh),
            Command::Aws(flags) => flags.run(sh),
            Command::Fork(flags) => flags.run(sh),
            Command::NewApp(flags) => flags.run(sh),
            Command::RemoveApp(flags) => flags.run(sh),
            Command::Diff(flags) => flags.run(sh),
            Command::Security(flags) => flags.run(sh),
            Command::Hooks(flags) => flags.run(sh),
            Command::Doctor(flags) => flags.run(sh),
            Command::Bench(flags) => flags.run(sh),
            Command::Supply(flags) => flags.run(sh),
        }
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

    #[test]
    fn supply_takes_every_argument_unread() {
        let flags = Flags::parse_from(["cargo xtask", "supply", "--help"]);
        let Command::Supply(supply) = flags.command else {
            panic!("not supply: {flags:?}")
        };
        assert_eq!(supply.args, ["--help"]);
    }

    #[test]
    fn e2e_takes_every_argument_unread() {
        let flags = Flags::parse_from(["cargo xtask", "e2e", "run", "--only", "x", "--help"]);
        let Command::E2e(e2e) = flags.command else {
            panic!("not e2e: {flags:?}")
        };
        assert_eq!(e2e.args, ["run", "--only", "x", "--help"]);
    }
}
