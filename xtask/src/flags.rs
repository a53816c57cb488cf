//! The whole command line of `cargo xtask` on one page.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::aws::Environment;
use crate::build::toolchain::Choice;
use crate::ci::settings::Release;
use crate::dev::Part;
use crate::env;

/// Every task of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove the whole loop: two clusters, a forge, a commit that goes live twice (`cargo xtask e2e --help`)
    #[command(disable_help_flag = true)]
    E2e(E2e),
    /// Run the message board on this machine and follow every saved file
    Dev(Dev),
    /// Run every test that needs no cluster
    Test(Test),
    /// Formatting, lints, manifests, dependency rules
    Check(Check),
    /// Ask the API everything its document allows, and what it does not allow
    Fuzz(Fuzz),
    /// Write api/openapi.json as the code describes it
    Openapi(Openapi),
    /// Compile what the images contain: static binaries and the browser bundle
    Build(Build),
    /// Release verbs; each CI file calls these and nothing else
    Ci(Ci),
    /// Propose the images that an environment had before
    Rollback(Rollback),
    /// The stacks of infra/aws: what would change, make them, remove them
    Aws(Aws),
    /// Show what a change does to each environment, as Markdown
    Diff(Diff),
    /// Write the table of docs/SECURITY.md as the list of claims says
    Security(Security),
    /// Look for secrets in what is about to be committed
    Hooks(Hooks),
    /// Say what this machine lacks for building and testing, and get it where possible
    Doctor(Doctor),
    /// Measure beside references, both sides in one run
    Bench(Bench),
    /// The outside parts of the e2e (Kubernetes, Argo CD, forge, AWS emulator) and the cache they lie in
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
    /// Compile for this machine and quickly, as `dev` and the browser tests run it: into target/debug and target/dev
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
pub(crate) struct Ci {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Say per app what is in the registry, what is deployed and what will be done; writes target/ci/plan.json
    Plan,
    /// Build the images of the apps whose content the registry does not have
    Build(CiBuild),
    /// Push what `build` built
    Push,
    /// Open the pull request that pins the images of this commit
    Propose(CiPropose),
    /// Open the pull request that gives one environment the images of another
    Promote(CiPromote),
    /// Make the images of this commit again, and compare them with those in the registry
    Reproduce(CiBuild),
    /// Give the images of this commit a version as a second tag
    Tag {
        /// As Git's tag: v1.2.3
        version: String,
    },
}

impl Verb {
    /// As on the command line.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Build(_) => "build",
            Self::Push => "push",
            Self::Propose(_) => "propose",
            Self::Promote(_) => "promote",
            Self::Reproduce(_) => "reproduce",
            Self::Tag { .. } => "tag",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CiPropose {
    /// Only show the commit, and keep it as target/ci/proposal.patch
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CiPromote {
    /// Whose images
    #[arg(long, value_enum, default_value_t = Release::Staging)]
    pub(crate) from: Release,
    /// Which environment is to run them
    #[arg(long, value_enum, default_value_t = Release::Production)]
    pub(crate) to: Release,
}

#[derive(Debug, Args)]
pub(crate) struct CiBuild {
    #[command(flatten)]
    pub(crate) toolchain: Toolchain,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Which environment
    #[arg(value_enum, value_name = "ENV")]
    pub(crate) environment: Release,
    /// The release of this commit; the one before the present one otherwise
    #[arg(long, value_name = "COMMIT")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Aws {
    #[command(subcommand)]
    pub(crate) verb: AwsVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AwsVerb {
    /// Show what `deploy` would change, stack by stack; changes nothing
    Plan(AwsTarget),
    /// Make or change the shared stacks, then those of the environment
    Deploy(AwsDeploy),
    /// Remove the environment's stacks, with the last environment the shared ones too; a protected table stays
    Destroy(AwsDestroy),
}

#[derive(Debug, Args)]
pub(crate) struct AwsTarget {
    #[arg(value_enum, value_name = "ENV")]
    pub(crate) environment: Environment,
    /// Address of an emulator, in place of AWS
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Only this template of infra/aws, as `registry`; may be given more than once
    #[arg(long, value_name = "PART")]
    pub(crate) only: Vec<String>,
    /// A parameter of the templates, before what infra/aws/parameters.toml says; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct AwsDeploy {
    #[command(flatten)]
    pub(crate) target: AwsTarget,
    /// Make a table anew if a change needs that; its messages are then in the old one, or gone
    #[arg(long)]
    pub(crate) replace_table: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AwsDestroy {
    #[command(flatten)]
    pub(crate) target: AwsTarget,
    /// The environment's name once more: this is meant
    #[arg(long, value_enum, value_name = "ENV")]
    pub(crate) yes: Option<Environment>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
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
    /// Write nothing: fail if the page is not what the list says
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
    /// Install Git's pre-commit hook, or renew it; one that is not ours is left alone and named
    Install {
        /// Install no program: stop if gitleaks is not here
        #[arg(long)]
        no_install: bool,
    },
    /// Remove it
    Remove,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    pub(crate) no_install: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) what: BenchWhat,
    /// Install nothing: name what is missing and stop
    #[arg(long, global = true)]
    pub(crate) no_install: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchWhat {
    /// Backend and page under load, beside the bare emulator and a Go service; writes target/bench/app.{json,svg,md}
    App {
        /// How often each pair is measured
        #[arg(long, default_value_t = 5)]
        rounds: u32,
        /// Seconds of load for each contender and round
        #[arg(long, default_value_t = 4)]
        seconds: u64,
        /// Keep the results in docs/benchmark too, for docs/BENCHMARK.md
        #[arg(long)]
        docs: bool,
    },
    /// From a merge until only the new version answers: webhook, annotation, polling (`cargo xtask bench loop --help`)
    #[command(disable_help_flag = true)]
    Loop(E2e),
}

#[derive(Debug, Args)]
pub(crate) struct Supply {
    #[command(subcommand)]
    pub(crate) verb: SupplyVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SupplyVerb {
    /// Build every part from its recipe and keep the results
    Build,
    /// The parts, their versions, and which of them the cache holds
    List,
    /// Remove results that no recipe of this checkout names
    Prune,
    /// Pull the parts from a registry on this machine that stands in as mirror
    ProvePull,
}

impl Flags {
    /// Runs the command, from the root of the repository.
    pub fn run(self) -> Result<()> {
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
    fn e2e_takes_every_argument_unread() {
        let flags = Flags::parse_from(["cargo xtask", "e2e", "run", "--only", "x", "--help"]);
        let Command::E2e(e2e) = flags.command else {
            panic!("not e2e: {flags:?}")
        };
        assert_eq!(e2e.args, ["run", "--only", "x", "--help"]);
    }
}
