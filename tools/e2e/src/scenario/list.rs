//! `cargo xtask e2e list`: every scenario with its suite, what it continues from, and how long it
//! took last time.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use supply::cache::Cache;
use taskkit::lines;

use crate::{
    run::{progress::History, saved_state::Timings, topology::Topology},
    scenario::Scenario,
    scenarios::ALL,
};

/// Settings of `list`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Prints them in the order in which they run.
pub(crate) fn run(args: &Args) -> Result<()> {
    let seconds = Timings::load(&Cache::locate()?).steps;
    let page = if args.json {
        let rows: Vec<_> = ALL.iter().map(|scenario| row(scenario, &seconds)).collect();
        serde_json::to_string_pretty(&rows).context("write JSON")?
    } else {
        table(&seconds)
    };
    lines::to_stdout(&page);
    Ok(())
}

fn row(scenario: &Scenario, seconds: &History) -> Value {
    json!({
        "name": scenario.step.id,
        "title": scenario.step.title,
        "suite": scenario.suite.name(),
        "by_default": Topology::default().suites().contains(&scenario.suite),
        "needs": scenario.needs,
        "budget_seconds": scenario.step.budget.as_secs(),
        "last_seconds": seconds.get(scenario.step.id),
    })
}

fn table(seconds: &History) -> String {
    let mut page = String::new();
    let mut suite = None;
    for scenario in ALL {
        if suite.replace(scenario.suite) != Some(scenario.suite) {
            let when = if Topology::default().suites().contains(&scenario.suite) {
                "by default"
            } else {
                "on request"
            };
            let _ = writeln!(page, "\n--suite {}, {when}", scenario.suite.name());
        }
        let last = seconds.get(scenario.step.id);
        let last = last.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.0} s"));
        let _ = writeln!(
            page,
            "  {:<28}{last:>6}  {}",
            scenario.step.id, scenario.step.title
        );
    }
    page.push_str("\nThe seconds are those of the last time it passed here. `--only NAME` runs one, with those it continues from.");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_scenario_once_and_each_suite_in_one_place() {
        let page = table(&History::from([("promotion".to_owned(), 12.4)]));
        for scenario in ALL {
            let lines = page
                .lines()
                .filter(|line| line.split_whitespace().next() == Some(scenario.step.id));
            assert_eq!(lines.count(), 1, "{}", scenario.step.id);
            let heading = format!("--suite {},", scenario.suite.name());
            assert_eq!(page.matches(&heading).count(), 1, "{heading}");
        }
        assert!(page.contains(" 12 s  ") && page.contains("    -  "), "{page}");
    }
}
