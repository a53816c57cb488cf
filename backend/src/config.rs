//! All settings, read once at start from arguments and environment; a bad value ends the program
//! and names its variable.
//!
//! Region, endpoint and credentials are the AWS SDK's own variables and are read by it (see
//! `dynamodb`).

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serverkit::config::{Log, not_blank, seconds};

use crate::migrate::UNKNOWN_COMMIT;

/// The message board's API server and the migrations of its table.
#[derive(Debug, Parser)]
#[command(name = "backend", version)]
pub struct Config {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// What to log.
    #[command(flatten)]
    pub log: Log,
}

/// The two jobs of this binary; one image serves both.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API until SIGTERM or SIGINT.
    Serve(Serve),
    /// Bring the table to the newest schema, or tell how it stands, then exit.
    Migrate(Migrate),
}

/// Settings of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The table.
    #[command(flatten)]
    pub table: Table,

    /// Environment named by `/version`, as `staging`.
    #[arg(long, env = "ENVIRONMENT", value_parser = not_blank)]
    pub environment: String,

    /// Commit named by `/version`; the image sets it.
    #[arg(long, env = "APP_COMMIT", default_value = UNKNOWN_COMMIT, value_parser = not_blank)]
    pub app_commit: String,

    /// Where to listen, and how to stop.
    #[command(flatten)]
    pub listen: serverkit::config::Listen,
}

/// Settings of `migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    /// The table.
    #[command(flatten)]
    pub table: Table,

    /// Commit that tells this release from the next; the image sets it.
    #[arg(long, env = "APP_COMMIT", default_value = UNKNOWN_COMMIT, value_parser = not_blank)]
    pub app_commit: String,

    /// Seconds to wait for the table to answer, and again for a sign of a migrator that has the
    /// lock.
    #[arg(long, env = "MIGRATE_WAIT_SECONDS", default_value = "120", value_parser = seconds)]
    pub migrate_wait_seconds: Duration,

    /// How many items to look at a second at most, so that requests keep their share of the table;
    /// 0 is no limit.
    #[arg(long, env = "MIGRATE_ITEMS_PER_SECOND", default_value_t = 0)]
    pub migrate_items_per_second: u32,

    /// `up` when left out.
    #[command(subcommand)]
    pub action: Option<MigrateAction>,
}

/// What to do with the migrations.
#[derive(Debug, Subcommand)]
pub enum MigrateAction {
    /// Run every migration that the table misses.
    Up {
        /// Count what would change; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Tell which migrations are done, which are not, and who is at work.
    Status,
}

/// Which table to use.
#[derive(Debug, Args)]
pub struct Table {
    /// Name of the table, as `messages-staging`.
    #[arg(long, env = "TABLE_NAME", value_parser = not_blank)]
    pub table_name: String,
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
            ("TABLE_NAME", "--table-name", " "),
            ("ENVIRONMENT", "--environment", ""),
        ] {
            let error = Config::try_parse_from(["backend", "serve", flag, value])
                .unwrap_err()
                .to_string();
            assert!(error.contains(variable), "{error}");
        }
    }
}
