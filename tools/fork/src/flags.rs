//! The command lines of `cargo xtask fork` and `update`, as a part of that of `cargo xtask`.

use std::env;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use semver::Version;
use taskkit::program;

/// What a copy of the template does with it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make this copy your own: its names, account, region and repository; without options, print
    /// them (docs/FORK.md)
    Fork(Fork),
    /// Take over what is new in the template, as a branch to review (docs/FORK.md)
    Update(Update),
}

impl Flags {
    /// Runs the command, from the root of the repository.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Fork(fork) => program::end(fork.run()),
            Command::Update(update) => match update.run() {
                Ok(outcome) => outcome.code(),
                Err(error) => program::end(Err(error)),
            },
        }
    }
}

/// Which version of the template to bring this copy to, and from where.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The version to come to, as 1.2.0; the newest unless given
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<Version>,
    /// Write nothing: say what newer versions there are and what they change; ends with 10 if there
    /// is one
    #[arg(long)]
    pub(crate) check: bool,
    /// Where the template lies, an address or a folder; that of template.toml unless given
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) from: Option<String>,
    /// The version that this copy is from; that of template.toml, or the one that is most alike,
    /// unless given
    #[arg(long, value_name = "VERSION")]
    pub(crate) base: Option<Version>,
}

/// The names, facts and parts of this copy.
#[derive(Debug, Args)]
pub(crate) struct Fork {
    /// What the repository is called from now on: registry, stacks, clusters, cache
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What its apps are together from now on: namespace and Argo CD project
    #[arg(long, value_name = "NAME")]
    pub(crate) application: Option<String>,
    /// Parts of the template to leave out, as `e2e,bench`; docs/FORK.md lists them
    #[arg(long, value_name = "WING", value_delimiter = ',')]
    pub(crate) without: Vec<String>,
    /// Only write the table of docs/FORK.md from tools/fork/wings.toml
    #[arg(long, exclusive = true)]
    pub(crate) table: bool,
    /// The AWS account, twelve digits
    #[arg(long, value_parser = crate::account)]
    pub(crate) account: Option<String>,
    /// Its region, such as eu-central-1
    #[arg(long, value_parser = crate::region)]
    pub(crate) region: Option<String>,
    /// Where Argo CD reads the repository: https, host and path, with `.git` where the forge wants
    /// it
    #[arg(long, value_name = "URL", value_parser = crate::repository)]
    pub(crate) repository: Option<String>,
    #[command(flatten)]
    pub(crate) github: GitHub,
}

/// What is known of the repository on GitHub.
#[derive(Debug, Args)]
pub(crate) struct GitHub {
    /// The owner's number on GitHub; asked from GitHub unless given
    #[arg(long = "github-owner-id", value_name = "ID", value_parser = crate::number)]
    pub(crate) owner_id: Option<String>,
    /// The repository's number on GitHub; asked from GitHub unless given
    #[arg(long = "github-repository-id", value_name = "ID", value_parser = crate::number)]
    pub(crate) repository_id: Option<String>,
    /// Whether its tokens carry the numbers: `no` for a repository from before 2026-07-15 that
    /// keeps the names alone
    #[arg(long = "github-immutable-subject", value_name = "yes|no", value_parser = ["yes", "no"])]
    pub(crate) immutable_subject: Option<String>,
    /// Address of GitHub's API
    #[arg(
        long = "github-api",
        value_name = "URL",
        env = "GITHUB_API_URL",
        default_value = "https://api.github.com"
    )]
    pub(crate) api: String,
}

impl GitHub {
    /// Whether an option is about whom to trust.
    pub(crate) fn says_something(&self) -> bool {
        let ids = [&self.owner_id, &self.repository_id];
        ids.iter().any(|id| id.is_some()) || self.immutable_subject.is_some()
    }

    /// By the names that GitHub's own command line reads, in its order: for a private repository,
    /// and for what only its administrators are told.
    pub(crate) fn token() -> Option<String> {
        let tokens = ["GH_TOKEN", "GITHUB_TOKEN"]
            .into_iter()
            .filter_map(|name| env::var(name).ok());
        tokens
            .map(|token| token.trim().to_owned())
            .find(|token| !token.is_empty())
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
        let faults = documents::faults(&root, &Flags::command(), Own::Named(&["fork", "update"]));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
// end of wing
