//! The command line: verbs for people, and questions that `cargo xtask` asks and reads the answers
//! to as JSON.

mod answers;
mod end;
mod verbs;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use supply::cache::Cache;
use supply::work::{Made, Outcome};
use supply::{Missing, Progress, Uncached};
use taskkit::lines;

/// What a shell reports for a program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Where every outside part comes from: pull it, build it, list and prune what the cache holds.
#[derive(Debug, Parser)]
#[command(name = "supply", bin_name = "cargo xtask supply", max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Where the output of what is started goes
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        default_value = "target/supply/logs"
    )]
    logs: PathBuf,
    /// End with standard input, as it ends with the program that holds its other end
    #[arg(long, global = true, hide = true)]
    end_with_stdin: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build every part from its recipe and keep the results
    Build,
    /// List the parts, their versions, and which of them the cache holds
    List,
    /// Remove results that no recipe of this checkout names, and what CI compiled in the e2e
    Prune,
    /// Prove that parts can be pulled: serve them from a registry on this machine and pull them
    ProvePull,
    /// Get files of some recipes, and say as JSON where they lie
    Get {
        /// Names of recipes
        #[arg(required = true, value_name = "NAME")]
        recipes: Vec<String>,
        #[command(flatten)]
        machine: Machine,
    },
    /// Get the AWS emulator's image and make the container engine answer until standard input ends;
    /// says as JSON where
    Emulator(Machine),
    /// Say as JSON by which compiler this machine compiles the programs of the host
    Toolchain(Machine),
    /// Say as JSON what this machine lacks for a run of everything, and how long the versions are
    /// supported
    Doctor(Machine),
}

/// What may be done to this machine.
#[derive(Debug, clap::Args)]
struct Machine {
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    no_install: bool,
}

/// One plain line for each thing that is done.
struct Lines;

impl Progress for Lines {
    fn doing(&self, what: &str) {
        lines::to_stderr(&format!("  {what}"));
    }

    fn made(&self, part: &Made) {
        if !part.ran.is_empty() {
            let [took, processor] =
                [part.ended - part.began, part.processor()].map(|time| time.as_secs_f64());
            let did = match part.outcome {
                Outcome::Made => "took",
                Outcome::Failed => "failed after",
                Outcome::Cancelled => "was given up after",
            };
            lines::to_stderr(&format!(
                "  {} {did} {took:.1} s, and {processor:.1} s of processor",
                part.name
            ));
        }
    }
}

impl Cli {
    /// Runs the command, and says how it went: to people in words, to programs as JSON.
    pub(crate) fn run(self) -> ExitCode {
        let done = end::listen(self.end_with_stdin).and_then(|()| self.command.run(&self.logs));
        match done {
            Ok(()) if lines::lost() => ExitCode::FAILURE,
            Ok(()) => ExitCode::SUCCESS,
            Err(_) if end::asked() => INTERRUPTED.into(),
            Err(error) => {
                self.command.fail(&error);
                ExitCode::FAILURE
            }
        }
    }
}

impl Command {
    fn run(&self, logs: &std::path::Path) -> Result<()> {
        let session = Uncached {
            missing: self.missing(),
            progress: &Lines,
            logs,
        };
        match self {
            Self::Build => verbs::build(session.with(&Cache::locate()?)),
            Self::List => verbs::list(session.with(&Cache::locate()?)),
            Self::Prune => verbs::prune(session.with(&Cache::locate()?)),
            Self::ProvePull => verbs::prove_pull(session.with(&Cache::locate()?)),
            Self::Get { recipes, .. } => answers::get(session.with(&Cache::locate()?), recipes),
            Self::Emulator(_) => answers::emulator(session.with(&Cache::locate()?)),
            Self::Toolchain(_) => answers::toolchain(session),
            Self::Doctor(_) => answers::doctor(session),
        }
    }

    /// What is done about what this machine lacks; nothing is installed to look at what there is,
    /// or to remove it.
    fn missing(&self) -> Missing {
        match self {
            Self::Build | Self::ProvePull => Missing::Install,
            Self::List | Self::Prune => Missing::Name,
            Self::Get { machine, .. }
            | Self::Emulator(machine)
            | Self::Toolchain(machine)
            | Self::Doctor(machine) => Missing::of_flag(machine.no_install),
        }
    }

    fn fail(&self, error: &anyhow::Error) {
        match self {
            Self::Build | Self::List | Self::Prune | Self::ProvePull => {
                lines::to_stderr(&format!("error: {error:#}"));
            }
            Self::Get { .. } | Self::Emulator(_) | Self::Toolchain(_) | Self::Doctor(_) => {
                answers::fail(error);
            }
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
        Cli::command().debug_assert();
    }

    // wing: house-rules
    #[test]
    fn each_command_that_documents_name_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let faults = documents::faults(&root, &Cli::command(), Own::Behind("supply"));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
    // end of wing
}
