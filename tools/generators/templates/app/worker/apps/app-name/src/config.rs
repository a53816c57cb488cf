//! All settings, read once at start from arguments and environment; a bad value ends the program
//! and names its variable.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// A bot: works without being asked, and keeps what it knows in a file.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Folder for the state. It outlives the pod, and every node has it.
    #[arg(long, env = "STATE_DIR", default_value = "/state")]
    pub(crate) state_dir: PathBuf,

    /// Seconds from one round of work to the next.
    #[arg(long, env = "ROUND_SECONDS", default_value = "10", value_parser = round)]
    pub(crate) round_seconds: Duration,

    /// Environment named in the log, as `staging`.
    #[arg(long, env = "ENVIRONMENT", value_parser = serverkit::config::not_blank)]
    pub(crate) environment: String,

    /// Commit named in the log; the image sets it.
    #[arg(long, env = "APP_COMMIT", value_parser = serverkit::config::not_blank)]
    pub(crate) app_commit: Option<String>,

    /// What to log.
    #[command(flatten)]
    pub(crate) log: serverkit::config::Log,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Command {
    /// Say by the exit code whether a round ended lately; the cluster's liveness probe
    Alive,
}

/// Without a pause a bot would do nothing but write its state.
fn round(value: &str) -> Result<Duration, &'static str> {
    match value.parse() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err("must be a whole number of seconds from 1 to 3600"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_well_formed() {
        <Config as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn bad_values_are_named() {
        for (variable, flag, value) in [
            ("ROUND_SECONDS", "--round-seconds", "0"),
            ("ROUND_SECONDS", "--round-seconds", "often"),
            ("ENVIRONMENT", "--environment", " "),
        ] {
            let error = Config::try_parse_from(["bot", flag, value])
                .unwrap_err()
                .to_string();
            assert!(error.contains(variable), "{error}");
        }
    }
}
