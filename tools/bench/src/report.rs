//! What a person reads, and the same as JSON.

use std::fmt::Write as _;
use std::num::NonZero;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::claims::{Claim, Goal, Measured};
use crate::load::Sample;
use crate::stats::Spread;
use crate::workload::WORKLOADS;

/// Prints both tables.
pub(crate) fn print(measured: &Measured, claims: &[Claim]) {
    println!(
        "\n{:16} {:10} {:>10} {:>9} {:>9}",
        "workload", "who", "requests/s", "p50 ms", "p99 ms"
    );
    for workload in WORKLOADS {
        for contender in workload.contenders() {
            let middle = |figure: fn(&Sample) -> f64| {
                Spread::of(measured.rounds.figures(*workload, *contender, figure)).median
            };
            println!(
                "{:16} {:10} {:>10.0} {:>9.3} {:>9.3}",
                workload.name(),
                contender.name(),
                middle(|sample| sample.per_second),
                middle(|sample| sample.p50_ms),
                middle(|sample| sample.p99_ms),
            );
        }
    }
    let go = measured.go;
    println!(
        "\nGo's API: ready in {:.0} ms, {:.1} MiB idle\n",
        go.ready_ms.median, go.idle_mib.median
    );
    println!("{:56} {:>8} {:>19}  {:>9}", "", "median", "least – most", "goal");
    for claim in claims {
        let Spread { median, min, max } = claim.found;
        let range = format!("{min:.2} – {max:.2}");
        println!("{:56} {median:>8.2} {range:>19}  {}", claim.what, verdict(claim));
    }
}

/// The goal, and whether it is met.
pub(crate) fn verdict(claim: &Claim) -> String {
    let goal = match claim.goal {
        Goal::AtMost(most) => format!("≤ {most}"),
        Goal::AtLeast(least) => format!("≥ {least}"),
    };
    let met = if claim.met { "met" } else { "MISSED" };
    format!("{goal} {} {met}", claim.unit)
}

/// Writes the claims to `path` as a page of the docs.
pub(crate) fn write_page(path: &Path, rounds: u32, seconds: u64, claims: &[Claim]) -> Result<()> {
    let cores = cores();
    let mut page = format!(
        "<!-- Written by `cargo xtask bench app --docs`. -->\n\
         {rounds} rounds of {seconds} s, {cores} cores for all contenders, the load and the database together.\n\n\
         ![requests per second beside the Go peer's](app.svg)\n\n\
         | | median | least – most | goal |\n|---|---|---|---|\n"
    );
    for claim in claims {
        let Spread { median, min, max } = claim.found;
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| {} | {median:.2} | {min:.2} – {max:.2} | {} |",
            claim.what,
            verdict(claim)
        );
    }
    keep(path, &page)
}

/// Writes everything to `path`.
pub(crate) fn write(path: &Path, measured: &Measured, claims: &[Claim]) -> Result<()> {
    let workloads: Vec<_> = WORKLOADS
        .iter()
        .map(|workload| {
            let contenders: serde_json::Map<_, _> = workload
                .contenders()
                .iter()
                .map(|contender| {
                    let spread = |figure: fn(&Sample) -> f64| {
                        Spread::of(measured.rounds.figures(*workload, *contender, figure))
                    };
                    let figures = json!({
                        "requests_per_second": spread(|sample| sample.per_second),
                        "p50_ms": spread(|sample| sample.p50_ms),
                        "p99_ms": spread(|sample| sample.p99_ms),
                    });
                    (contender.name().to_owned(), figures)
                })
                .collect();
            json!({ "request": workload.request, "connections": workload.connections, "contenders": contenders })
        })
        .collect();
    let all = json!({
        "cores": cores(),
        "workloads": workloads,
        "start": { "ours": measured.ours, "go": measured.go },
        "loaded_mib": { "ours": measured.loaded_mib[0], "go": measured.loaded_mib[1] },
        "sizes": measured.sizes,
        "claims": claims,
    });
    println!();
    keep(path, &format!("{all:#}\n"))
}

/// How many there are for all that is measured at the same time.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, NonZero::get)
}

/// Writes a result, in a folder that is made if it is not there, and says where.
pub(crate) fn keep(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("the result has a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    std::fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
    println!("written: {}", path.display());
    Ok(())
}
