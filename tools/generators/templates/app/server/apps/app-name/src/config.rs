//! All settings, read once at start from arguments and environment; a bad value ends the program
//! and names its variable.

use clap::Parser;

/// A server.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub(crate) struct Config {
    /// Environment named by `/version`, as `staging`.
    #[arg(long, env = "ENVIRONMENT", value_parser = serverkit::config::not_blank)]
    pub(crate) environment: String,

    /// Commit named by `/version`; the image sets it.
    #[arg(long, env = "APP_COMMIT", value_parser = serverkit::config::not_blank)]
    pub(crate) app_commit: Option<String>,

    /// Where to listen, and how to stop.
    #[command(flatten)]
    pub(crate) listen: serverkit::config::Listen,

    /// What to log.
    #[command(flatten)]
    pub(crate) log: serverkit::config::Log,
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
        let error = Config::try_parse_from(["server", "--environment", " "])
            .unwrap_err()
            .to_string();
        assert!(error.contains("ENVIRONMENT"), "{error}");
    }
}
