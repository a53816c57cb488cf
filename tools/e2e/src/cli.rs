//! The command line, and the commands behind it.

mod ci_service;
mod crash_test;
mod demo;
mod lifecycle;
pub(crate) mod options;
mod repeat;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use supply::cache::Cache;
use taskkit::{build::toolchain::Toolchain, lines, program::end};

use self::{
    lifecycle::{
        bench::{Bench, Measured},
        commands,
    },
    options::Options,
};
use crate::{
    bench::{loop_bench, scale_bench},
    environment,
    host::proxy,
    report::{failures_page, run_report},
    run::leftovers,
    scenario::list,
    world,
};

/// Prove the whole GitOps loop on this machine: two clusters with Argo CD, a forge, an AWS
/// emulator, a commit that goes live in staging and then in production, and what happens when
/// something breaks. Without a command: all of it, from nothing and back to nothing.
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

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring everything up and leave it running, with a CI that builds what is pushed to its forge
    Up,
    /// Run scenarios on what `up` left running
    Run,
    /// Change the page by a line on what `up` left running, and watch it go live
    #[command(hide = true, override_usage = "cargo xtask demo [OPTIONS]")]
    Demo(demo::Args),
    /// List all scenarios with their suites
    List(list::Args),
    /// Remove everything that `up` or a killed run left behind
    Down,
    /// Save the state and logs of what is up
    Logs,
    /// Write the report of an earlier run again, from its report.json
    Report {
        /// The folder of the run; the newest under target/e2e if none is named
        #[arg(value_name = "RUN_DIR")]
        folder: Option<PathBuf>,
        /// Write instead what README.md shows of a run
        #[arg(long)]
        docs: bool,
        /// With --docs: write nothing, fail if it shows what no run has
        #[arg(long, requires = "docs")]
        check: bool,
    },
    /// Write docs/FAILURES.md from the scenarios
    Failures {
        /// Write nothing: fail if it is not up to date
        #[arg(long)]
        check: bool,
    },
    /// Measure how long a merge takes to go live, on what is up or on what is brought up for it
    Bench(loop_bench::Args),
    /// Measure what many small apps cost, on what is up or on what is brought up for it
    BenchScale(scale_bench::Args),
    /// Kill the bring-up at random moments, and see that `down` and another bring-up work after
    /// each
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
    /// Compile what stands in front of the AWS emulator, and say where it lies
    #[command(hide = true)]
    CompileIamProxy(Toolchain),
}

/// Parses the command line and runs it.
pub fn main() -> ExitCode {
    let Cli { command, options } = Cli::parse();
    if let Err(error) = environment::read() {
        return end(Err(error));
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            lines::to_stderr(&format!("error: the runtime cannot be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(command, options));
    // A thread that still waits for a tool of the supply must not hold the exit back.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    code
}

async fn run(command: Option<Command>, options: Options) -> ExitCode {
    match command {
        Some(Command::StartContainers) => end(world::containers::serve().await),
        Some(Command::CompileIamProxy(toolchain)) => end(world::iam_proxy::compile_here(&toolchain)),
        Some(Command::CiService) => end(Box::pin(ci_service::serve(options)).await),
        Some(Command::List(args)) => end(list::run(&args)),
        Some(Command::Report { folder, docs, check }) => end(run_report::again(folder, docs, check)),
        Some(Command::Failures { check }) => end(failures_page::run(check)),
        Some(Command::CrashTest(args)) => end(Box::pin(crash_test::run(&args)).await),
        Some(Command::Up) => on_clusters(commands::Up::default(), options).await,
        Some(Command::Run) => on_clusters(commands::Run, options).await,
        Some(Command::Demo(args)) => on_clusters(commands::Demo(args), options).await,
        Some(Command::Bench(args)) => on_clusters(Bench::of(Measured::Loop(args)), options).await,
        Some(Command::BenchScale(args)) => on_clusters(Bench::of(Measured::Scale(args)), options).await,
        Some(Command::Down) => on_clusters(commands::Down, options).await,
        Some(Command::Logs) => on_clusters(commands::Logs, options).await,
        Some(Command::Clusters) => on_clusters(commands::Clusters, options).await,
        None => on_clusters(commands::Proof, options).await,
    }
}

/// A command that works on clusters, as often as is asked for.
async fn on_clusters(command: impl lifecycle::Command, options: Options) -> ExitCode {
    if let Some(times) = options.repeat {
        return end(repeat::run(times, &options).await);
    }
    let near = proxy::exceptions(|name| std::env::var(name).ok());
    // Whatever this process starts carries its mark, so that a later one can end it.
    match Cache::locate().and_then(|cache| leftovers::mark(&cache, near)) {
        Ok(()) => Box::pin(lifecycle::run(command, options)).await,
        Err(error) => end(Err(error)),
    }
}

/// The options of a command line, for tests of who passes them on.
#[cfg(test)]
pub(crate) fn options(arguments: &[&str]) -> Options {
    Cli::parse_from([&["e2e"], arguments].concat()).options
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use clap::{CommandFactory as _, ValueEnum as _};
    use documents::Own; // wing: house-rules
    use pipelines::System;

    use super::*;
    use crate::{
        cli::options::{Output, Supply},
        git::layout::Layout,
        run::topology::Topology,
        scenario::Suite,
    };

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

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
        let cli = Cli::parse_from(["e2e", "compile-iam-proxy", "--no-install"]);
        assert!(matches!(cli.command, Some(Command::CompileIamProxy(toolchain)) if toolchain.no_install));
        let cli = Cli::parse_from(["e2e", "up", "--ci", "gitlab", "--layout", "split"]);
        assert_eq!(cli.options.system(), System::Gitlab);
        assert_eq!(cli.options.layout, Some(Layout::Split));
    }

    #[test]
    fn the_ci_of_what_is_up_stays_unless_another_is_asked_for() {
        fn system<C: lifecycle::Command>(command: &str, arguments: &[&str]) -> System {
            let cli = Cli::parse_from([&["e2e", command], arguments].concat());
            lifecycle::going_on::<C>(cli.options, Some(System::Gitlab)).system()
        }
        let other = ["--ci", "github"];
        assert_eq!(system::<commands::Run>("run", &[]), System::Gitlab);
        assert_eq!(system::<commands::Run>("run", &other), System::Github);
        assert_eq!(system::<Bench>("bench", &[]), System::Gitlab);
        assert_eq!(system::<Bench>("bench", &other), System::Github);
        // What is brought up anew takes over nothing.
        assert_eq!(system::<commands::Up>("up", &[]), System::Codebuild);
    }

    /// The options of each run of scenarios in the matrices of every night.
    fn nightly(workflow: &str) -> Vec<Options> {
        let lines = workflow.lines().map(str::trim);
        let given = lines.filter_map(|line| line.strip_prefix("options: "));
        let runs = given.map(|given| {
            let words = ["e2e"].into_iter().chain(given.split_whitespace());
            Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{given}: {error}"))
        });
        let runs = runs.filter(|run| run.command.is_none());
        runs.map(|run| run.options).collect()
    }

    #[test]
    fn each_suite_layout_and_topology_is_run_every_night() {
        // A fork on another forge may have deleted it.
        let Ok(workflow) = fs::read_to_string(root().join(".github/workflows/e2e.yaml")) else {
            return;
        };
        let runs = nightly(&workflow);
        for suite in Suite::value_variants() {
            let has = |run: &Options| match run.suite.as_slice() {
                [] => run.topology().suites().contains(suite),
                named => named.contains(suite),
            };
            assert!(runs.iter().any(has), "{}", suite.name());
        }
        for layout in Layout::value_variants() {
            let mut layouts = runs.iter().map(|run| run.layout.unwrap_or_default());
            assert!(layouts.any(|of_run| of_run == *layout), "{layout:?}");
        }
        for topology in Topology::value_variants() {
            let mut topologies = runs.iter().map(Options::topology);
            assert!(topologies.any(|of_run| of_run == *topology), "{topology:?}");
        }
    }

    // wing: house-rules
    #[test]
    fn each_command_that_documents_name_is_one() {
        let root = root();
        let mut faults = documents::faults(&root, &Cli::command(), Own::Behind("e2e"));
        faults.extend(documents::faults(&root, &Cli::command(), Own::Named(&["demo"])));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
    // end of wing
}
