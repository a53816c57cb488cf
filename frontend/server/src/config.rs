//! All settings, read once at start from arguments and environment; a bad value ends the program
//! and names its variable.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use url::Url;

/// The message board's page.
#[derive(Clone, Debug, Parser)]
#[command(name = "frontend", version)]
pub struct Config {
    /// Address of the backend, as `http://backend`.
    #[arg(long, env = "BACKEND_URL", value_parser = plain_http)]
    pub backend_url: Url,

    /// Folder with the files for the browser; holds `pkg/` and `style.css`.
    #[arg(long, env = "SITE_DIR", value_parser = folder)]
    pub site_dir: PathBuf,

    /// Environment named by the page and `/version`, as `staging`.
    #[arg(long, env = "ENVIRONMENT", value_parser = name)]
    pub environment: String,

    /// Commit named by the page and `/version`; the image sets it. Unset, browsers keep no file.
    #[arg(long, env = "APP_COMMIT", value_parser = name)]
    pub app_commit: Option<String>,

    /// Seconds between two signs of life on the event stream. A page takes a stream for dead that
    /// was silent for two and a half times as long.
    #[arg(long, env = "HEARTBEAT_SECONDS", default_value = "10", value_parser = heartbeat)]
    pub heartbeat_seconds: Duration,

    /// Event streams at once; who comes then is asked to come back. As many as the default take
    /// 30 MB, a quarter of what the pod may have.
    #[arg(long, env = "MAX_STREAMS", default_value_t = 2000)]
    pub max_streams: usize,

    /// Where to listen, and how to stop.
    #[command(flatten)]
    pub listen: serverkit::config::Listen,

    /// What to log.
    #[command(flatten)]
    pub log: serverkit::config::Log,
}

/// The client has no TLS: an address it cannot speak to must fail here, not at the first visitor.
fn plain_http(value: &str) -> Result<Url, String> {
    let url = Url::parse(value).map_err(|error| error.to_string())?;
    if url.scheme() == "http" {
        Ok(url)
    } else {
        Err("must start with http://".into())
    }
}

/// Without a pause there is no end of them, and in a minute a load balancer closes what is silent.
fn heartbeat(value: &str) -> Result<Duration, &'static str> {
    match value.parse() {
        Ok(seconds @ 1..=30) => Ok(Duration::from_secs(seconds)),
        _ => Err("must be a whole number of seconds from 1 to 30"),
    }
}

fn folder(value: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(value);
    if path.is_dir() {
        Ok(path)
    } else {
        Err("is not a folder")
    }
}

/// Becomes part of addresses, so it may hold only what needs no escaping there.
fn name(value: &str) -> Result<String, &'static str> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if !value.is_empty() && value.chars().all(plain) {
        Ok(value.to_owned())
    } else {
        Err("must be letters, digits, `-`, `_` or `.`")
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
            ("BACKEND_URL", "--backend-url", "backend"),
            ("BACKEND_URL", "--backend-url", "https://backend"),
            ("SITE_DIR", "--site-dir", "/nonexistent/site"),
            ("HEARTBEAT_SECONDS", "--heartbeat-seconds", "0"),
            ("HEARTBEAT_SECONDS", "--heartbeat-seconds", "31"),
            ("HEARTBEAT_SECONDS", "--heartbeat-seconds", "often"),
            ("APP_COMMIT", "--app-commit", "a/b"),
        ] {
            let error = Config::try_parse_from(["frontend", flag, value])
                .unwrap_err()
                .to_string();
            assert!(error.contains(variable), "{error}");
        }
    }
}
