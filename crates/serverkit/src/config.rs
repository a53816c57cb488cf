//! Settings that every server has, and parsers of values; a bad value ends the program and names
//! its variable.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tracing_subscriber::filter::Targets;

/// What to log.
#[derive(Clone, Debug, Args)]
pub struct Log {
    /// What to log: a level, or levels by module (`info,backend=debug`).
    #[arg(
        long,
        env = "RUST_LOG",
        value_name = "RUST_LOG",
        default_value = "info",
        global = true
    )]
    pub log: Targets,
}

/// Where to listen, and how to stop.
#[derive(Clone, Debug, Args)]
pub struct Listen {
    /// Address to listen on.
    #[arg(long, env = "LISTEN_ADDR", default_value = "0.0.0.0:8080")]
    pub listen_addr: SocketAddr,

    /// Address of the metrics, apart from the requests so that no visitor reaches them.
    #[arg(long, env = "METRICS_ADDR", default_value = "0.0.0.0:9090")]
    pub metrics_addr: SocketAddr,

    /// Seconds between failing readiness and closing the listener, so that load balancers look away
    /// first.
    #[arg(long, env = "DRAIN_SECONDS", default_value = "3", value_parser = seconds)]
    pub drain_seconds: Duration,
}

/// Takes any text but a blank one.
pub fn not_blank(value: &str) -> Result<String, &'static str> {
    if value.trim().is_empty() {
        Err("must not be blank")
    } else {
        Ok(value.to_owned())
    }
}

/// Takes a whole number of seconds.
pub fn seconds(value: &str) -> Result<Duration, std::num::ParseIntError> {
    value.parse().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Config {
        #[command(flatten)]
        log: Log,
        #[command(flatten)]
        listen: Listen,
    }

    #[test]
    fn bad_values_are_named() {
        for (variable, flag, value) in [
            ("LISTEN_ADDR", "--listen-addr", "nowhere"),
            ("METRICS_ADDR", "--metrics-addr", "9090"),
            ("DRAIN_SECONDS", "--drain-seconds", "soon"),
            ("RUST_LOG", "--log", "backend=loud"),
        ] {
            let error = Config::try_parse_from(["server", flag, value])
                .unwrap_err()
                .to_string();
            assert!(error.contains(variable), "{error}");
        }
    }
}
