//! The command line of `cargo xtask shift`.

use std::collections::{BTreeMap, BTreeSet};
use std::env::var;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use taskkit::{checkout, lines};

use crate::balancer::{Balancer, Pace};
use crate::clock;
use crate::declared::{self, At, Declared};
use crate::drive::{self, Order};
use crate::elbv2::Listener;
use crate::fault::Fault;
use crate::guard::{Limits, QUIET};
use crate::haproxy::Backend;
use crate::prometheus::Counted;
use crate::ready;
use crate::steps::Steps;

/// Since when `status` counts, where the balancer counts by time.
const LATELY: Duration = Duration::from_mins(15);
/// Where balancers are declared.
pub(crate) const FILE: &str = "infra/clusters/balancers.toml";

/// Moves traffic to another cluster step by step, and back by itself if that does badly
/// (docs/CLUSTERS.md).
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask shift",
    bin_name = "cargo xtask shift",
    max_term_width = 110,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Flags {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    shift: Shift,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say which weights and counts the balancer has, and who moves them
    Status(Which),
}

#[derive(Debug, Args)]
struct Shift {
    /// The cluster that gets the traffic
    #[arg(long, required = true, value_name = "CLUSTER")]
    to: Option<String>,
    /// Its share in percent, step by step; those that it has already are left out
    #[arg(long, default_value = "1,10,50,100")]
    steps: Steps,
    /// How long each step is held at least (as 30s or 5m)
    #[arg(long)]
    hold: Option<Time>,
    /// How many requests each step needs at least
    #[arg(long, default_value_t = 20)]
    requests: u64,
    /// How many percent of the requests may fail
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=45))]
    most_bad: u8,
    /// After how long a request counts as not answered
    #[arg(long)]
    patience: Option<Time>,
    /// How long a step waits for its requests before the traffic goes back
    #[arg(long)]
    wait: Option<Time>,
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct Which {
    /// Which balancer, where the file has several
    #[arg(long, value_name = "NAME")]
    balancer: Option<String>,
    /// Another file of balancers
    #[arg(long, value_name = "FILE", default_value = FILE)]
    file: PathBuf,
}

/// A time as a person writes it.
#[derive(Debug, Clone, Copy)]
struct Time(Duration);

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let end = text
            .find(|sign: char| !sign.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number: u64 = number.parse().map_err(|_| "as 30s or 5m".to_owned())?;
        match unit {
            "s" => Ok(Self(Duration::from_secs(number))),
            "m" => Ok(Self(Duration::from_secs(number.saturating_mul(60)))),
            _ => Err("as 30s or 5m".to_owned()),
        }
    }
}

impl Flags {
    pub(crate) fn run(self) -> Result<()> {
        let root = checkout::root()?;
        let which = match &self.verb {
            Some(Verb::Status(which)) => which,
            None => &self.which,
        };
        let declared = declared::read(&root.join(&which.file), which.balancer.as_deref())?;
        let addresses: BTreeMap<_, _> = declared
            .targets
            .iter()
            .map(|(name, target)| (name.clone(), target.ready.clone()))
            .collect();
        // Who only looks wants to see what was lately.
        let ago = if self.verb.is_some() {
            LATELY
        } else {
            Duration::ZERO
        };
        let since = clock::now().saturating_sub(ago);
        let mut balancer = balancer(&declared, since)?;
        let balancer = &mut *balancer;
        expect_declared(balancer, &declared)?;
        if self.verb.is_some() {
            return drive::status(balancer, |target| ready::expect(&addresses, target));
        }
        let dry_run = self.shift.dry_run;
        let order = self.shift.order(balancer.pace(), addresses)?;
        if dry_run {
            return drive::rehearse(balancer, &order);
        }
        drive::shift(balancer, &order)
    }
}

impl Shift {
    fn order(self, usual: Pace, addresses: BTreeMap<String, String>) -> Result<Order> {
        let or = |given: Option<Time>, usual| given.map_or(usual, |Time(time)| time);
        Ok(Order {
            to: self.to.context("say where to by --to")?,
            steps: self.steps,
            limits: Limits {
                hold: or(self.hold, usual.hold),
                requests: self.requests.max(1),
                most_bad: f64::from(self.most_bad) / 100.0,
                patience: or(self.patience, usual.patience),
                quiet: QUIET,
            },
            pace: Pace {
                wait: or(self.wait, usual.wait),
                ..usual
            },
            by: person(),
            ready: Box::new(move |target| ready::expect(&addresses, target)),
            // Where nobody reads any more, the traffic is guarded all the same.
            tell: lines::to_stdout,
            stop: stop()?,
        })
    }
}

fn balancer(declared: &Declared, since: Duration) -> Result<Box<dyn Balancer>> {
    let balancer: Box<dyn Balancer> = match &declared.at {
        At::HaProxy(haproxy) => Box::new(Backend(haproxy.clone())),
        At::Elbv2(elbv2) => {
            let groups = declared.targets.iter();
            let groups = groups.filter_map(|(name, target)| Some((target.group.clone()?, name.clone())));
            Box::new(Listener::new(&elbv2.listener, groups.collect(), since)?)
        }
    };
    Ok(match &declared.prometheus {
        Some(prometheus) => Box::new(Counted::new(balancer, prometheus.clone())),
        None => balancer,
    })
}

/// An error unless the balancer has the targets that the file has.
fn expect_declared(balancer: &mut dyn Balancer, declared: &Declared) -> Result<(), Fault> {
    let weights = balancer.weights()?;
    let found: BTreeSet<_> = weights.iter().map(|(name, _)| name).collect();
    let listed: BTreeSet<_> = declared.targets.keys().map(String::as_str).collect();
    if found == listed {
        return Ok(());
    }
    let shown = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    Err(Fault::OtherTargets {
        found: shown(found),
        declared: shown(listed),
    })
}

/// Who runs this, as a claim can carry it.
fn person() -> String {
    let part = |name: &str| var(name).unwrap_or_default();
    let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let text = format!("{}@{}", part("USER"), host.trim());
    let plain = |sign: &char| sign.is_ascii_alphanumeric() || "-_.@".contains(*sign);
    text.chars().filter(plain).take(60).collect()
}

/// Set by the first Ctrl-C, SIGTERM or end of the terminal, after which the traffic goes back:
/// nobody would guard what is half moved. The second one ends this program where it is.
fn stop() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register_conditional_shutdown(signal, 1, stop.clone())
            .and_then(|_| flag::register(signal, stop.clone()))
            .context("listen for Ctrl-C")?;
    }
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Flags::command().debug_assert();
        let flags = Flags::parse_from(["shift", "--to", "green", "--hold", "2m"]);
        assert_eq!(flags.shift.hold.map(|Time(time)| time.as_secs()), Some(120));
        assert!(Flags::try_parse_from(["shift", "status"]).is_ok());
        for wrong in [
            &["shift"][..],
            &["shift", "--to", "a", "--hold", "3"],
            &["shift", "--to", "a", "--most-bad", "0"],
        ] {
            assert!(Flags::try_parse_from(wrong).is_err(), "{wrong:?}");
        }
    }

    // wing: house-rules
    #[test]
    fn each_command_that_documents_name_is_one() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let faults = documents::faults(&root, &Flags::command(), documents::Own::Behind("shift"));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
    // end of wing
}
