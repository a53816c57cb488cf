//! The command line.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};

use pipelines::System;
use supply::cache::Cache;

use crate::{
    ci_service, crash_test, failures_page, layout::Layout, leftovers, lifecycle, loop_bench, render, repeat,
    scenario::Suite, world,
};

/// Prove the whole GitOps loop on this machine: two clusters with Argo CD, a forge, an AWS emulator, a commit that goes live in
/// staging and then in production, and what happens when something breaks. Without a command: all of it, from nothing and back
/// to nothing.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask e2e",
    bin_name = "cargo xtask e2e",
    disable_help_subcommand = true,
    max_term_width = 110
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Bring everything up and leave it running, with a CI that builds what is pushed to its forge
    Up,
    /// Run scenarios on what `up` left running
    Run,
    /// Remove everything that `up` or a killed run left behind
    Down,
    /// Save the state and logs of what is up
    Logs,
    /// Write the report of an earlier run again, from its report.json
    Report {
        /// The folder of the run; the newest under target/e2e if none is named
        #[arg(value_name = "RUN_DIR")]
        folder: Option<PathBuf>,
    },
    /// Write docs/FAILURES.md from the scenarios
    Failures {
        /// Write nothing: fail if it is not up to date
        #[arg(long)]
        check: bool,
    },
    /// Measure how long a merge takes to go live, on what is up or on what is brought up for it
    Bench(loop_bench::Args),
    /// Kill the bring-up at random moments, and see that `down` and another bring-up work after each
    CrashTest(crash_test::Args),
    /// Bring up both clusters and nothing else
    #[command(hide = true)]
    Clusters,
    /// Build what is pushed to the forge of what is up, until this process is ended
    #[command(hide = true)]
    CiService,
    /// Start the containers that stdin asks for
    #[command(hide = true)]
    StartContainers,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Leave everything running afterwards, even after a failure
    #[arg(long, global = true)]
    pub(crate) keep: bool,
    /// Run only this scenario and those it builds on; may be given more than once. An unknown name lists them all
    #[arg(long, global = true, value_name = "SCENARIO")]
    pub(crate) only: Vec<String>,
    /// Run only the scenarios of this suite; may be given more than once [default: main and failures]
    #[arg(long, global = true, value_enum)]
    pub(crate) suite: Vec<Suite>,
    /// How the final table is written to stdout
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// Where tools and images come from: `auto` pulls where a registry answers and builds where none does
    #[arg(long, global = true, value_enum, default_value_t = Supply::Auto)]
    pub(crate) supply: Supply,
    /// Which system's CI file builds and proposes [default: codebuild; `run` keeps that of `up`]
    #[arg(long, global = true, value_enum)]
    pub(crate) ci: Option<System>,
    /// Sign what CI pushes, and install the controller that rejects unsigned images in labelled namespaces
    #[arg(long, global = true)]
    pub(crate) admission: bool,
    /// How many repositories the forge has [default: one; `run` keeps that of `up`]
    #[arg(long, global = true, value_enum)]
    pub(crate) layout: Option<Layout>,
    /// Pull every image through this registry, under its usual name
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub(crate) mirror: Option<String>,
    /// Install nothing: name what is missing and stop
    #[arg(long, global = true)]
    pub(crate) no_install: bool,
    /// Do all of it N times in a row, and compare the times
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100))]
    pub(crate) repeat: Option<u32>,
}

impl Options {
    /// Whose CI file does the CI step.
    pub(crate) fn system(&self) -> System {
        self.ci.unwrap_or_default()
    }

    /// To go on with a world that was brought up with the CI of `former`: that stays unless another one is asked for.
    pub(crate) fn going_on(self, former: System) -> Self {
        Self {
            ci: self.ci.or(Some(former)),
            ..self
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Supply {
    Auto,
    Pull,
    Build,
}

impl From<Supply> for supply::Mode {
    fn from(mode: Supply) -> Self {
        match mode {
            Supply::Auto => Self::Auto,
            Supply::Pull => Self::Pull,
            Supply::Build => Self::Build,
        }
    }
}

/// Parses the command line and runs it.
pub fn main() -> ExitCode {
    let Cli { command, options } = Cli::parse();
    if starts_something(command.as_ref(), &options)
        && let Err(error) = Cache::locate().and_then(|cache| leftovers::mark(&cache))
    {
        eprintln!("error: {error:#}");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        match command {
            Some(Command::StartContainers) => exit_code(world::containers::serve().await),
            Some(Command::CiService) => exit_code(Box::pin(ci_service::serve(options)).await),
            Some(Command::Report { folder }) => exit_code(render::again(folder)),
            Some(Command::Failures { check }) => exit_code(failures_page::run(check)),
            Some(Command::CrashTest(args)) => exit_code(Box::pin(crash_test::run(&args)).await),
            command => match options.repeat {
                Some(times) => exit_code(repeat::run(times, &options).await),
                None => Box::pin(lifecycle::run(command, options)).await,
            },
        }
    });
    // A thread that still waits for a tool of the supply must not hold the exit back.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    code
}

/// Whether this process, and not one that it starts, may bring something up.
fn starts_something(command: Option<&Command>, options: &Options) -> bool {
    let elsewhere = matches!(
        command,
        Some(
            Command::StartContainers
                | Command::CiService
                | Command::CrashTest(_)
                | Command::Report { .. }
                | Command::Failures { .. }
        )
    );
    !elsewhere && options.repeat.is_none()
}

fn exit_code(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The options of a command line, for tests of who passes them on.
#[cfg(test)]
pub(crate) fn options(arguments: &[&str]) -> Options {
    Cli::parse_from([&["e2e"], arguments].concat()).options
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_may_follow_the_command() {
        let cli = Cli::parse_from(["e2e", "run", "--only", "promotion", "--output", "json"]);
        assert!(matches!(cli.command, Some(Command::Run)));
        assert_eq!(
            (cli.options.only.as_slice(), cli.options.output),
            (["promotion".to_owned()].as_slice(), Output::Json)
        );
        let cli = Cli::parse_from(["e2e", "--keep", "--supply", "build"]);
        assert!(cli.command.is_none() && cli.options.keep && cli.options.supply == Supply::Build);
        assert_eq!(cli.options.system(), System::Codebuild);
        assert_eq!(cli.options.layout, None);
        let cli = Cli::parse_from(["e2e", "--suite", "main", "--suite", "failures"]);
        assert_eq!(cli.options.suite, [Suite::Main, Suite::Failures]);
        let cli = Cli::parse_from(["e2e", "--repeat", "10", "--no-install"]);
        assert!(cli.command.is_none() && cli.options.repeat == Some(10));
        let cli = Cli::parse_from(["e2e", "up", "--ci", "gitlab", "--layout", "split"]);
        assert_eq!(cli.options.system(), System::Gitlab);
        assert_eq!(cli.options.layout, Some(Layout::Split));
    }

    #[test]
    fn the_ci_of_what_is_up_stays_unless_another_is_asked_for() {
        let system = |arguments: &[&str]| {
            let cli = Cli::parse_from([&["e2e", "run"], arguments].concat());
            cli.options.going_on(System::Gitlab).system()
        };
        assert_eq!(system(&[]), System::Gitlab);
        assert_eq!(system(&["--ci", "codebuild"]), System::Codebuild);
    }
}
