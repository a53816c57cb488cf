//! What a person reads, and the same as JSON.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::Measured;
use super::messages::{AT_ONCE, BATCH};
use crate::claims::{Claim, Goal};
use crate::report;
use crate::stats::Spread;

/// Writes both into the folder `out`, and prints the page.
pub(super) fn write(out: &Path, measured: &Measured) -> Result<()> {
    let claims = claims(measured);
    let cores = report::cores();
    let all = json!({ "cores": cores, "measured": measured, "claims": claims });
    let page = page(measured, &claims, cores);
    println!("\n{page}");
    report::keep(&out.join("migration.json"), &format!("{all:#}\n"))?;
    report::keep(&out.join("migration.md"), &page)
}

fn claims(measured: &Measured) -> [Claim; 3] {
    let by = |other: f64| Spread::exactly(measured.migrated.overall() / other);
    [
        Claim::new(
            "the last tenth of the backfill by its first",
            "×",
            Spread::exactly(measured.migrated.last_by_first()),
            Goal::AtLeast(0.9),
        ),
        Claim::new(
            format!("the backfill by plain writes, {BATCH} to a request"),
            "×",
            by(measured.batches.overall()),
            Goal::AtLeast(0.5),
        ),
        Claim::new(
            "the backfill by plain writes, one to a request",
            "×",
            by(measured.single),
            Goal::AtLeast(0.5),
        ),
    ]
}

fn page(measured: &Measured, claims: &[Claim], cores: usize) -> String {
    let mut page = format!(
        "<!-- Written by `cargo xtask bench migration --docs`. -->\n\
         {} messages of 300 bytes in {}; {cores} cores for it and for who writes, {AT_ONCE} requests at once. Messages a second, tenth \
         by tenth of the way:\n\n\
         | | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | all |\n|---|{}\n",
        measured.messages,
        measured.database,
        "---|".repeat(11),
    );
    // Writing to a string cannot fail.
    for (what, tenths) in [
        (
            format!("written into an empty table, {BATCH} to a request"),
            measured.filled,
        ),
        ("`backend migrate`".to_owned(), measured.migrated),
        (
            format!("written again as they are then, {BATCH} to a request"),
            measured.batches,
        ),
    ] {
        let _ = write!(page, "| {what} |");
        for rate in tenths.0.into_iter().chain([tenths.overall()]) {
            let _ = write!(page, " {rate:.0} |");
        }
        page.push('\n');
    }
    let single = measured.single;
    let _ = writeln!(
        page,
        "| and once more, one to a request | {single:.0} |{}",
        " |".repeat(10)
    );
    page.push('\n');
    for claim in claims {
        let found = claim.found.median;
        let _ = writeln!(page, "- {}: {found:.2}, {}", claim.what, report::verdict(claim));
    }
    page
}
