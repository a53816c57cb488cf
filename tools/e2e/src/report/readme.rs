//! What README.md shows of a run: taken from its report.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use e2e_report::{Report, Shown};
use taskkit::lines;

use crate::run::run_dir;

const PAGE: &str = "README.md";
const MARK: &str = "<!-- output of: cargo xtask e2e -->\n```\n";
const END: &str = "```\n";

/// Writes the rows that the page shows, as the run of this folder has them; with `check`, only sees
/// whether a run still has such rows.
pub(crate) fn run(folder: &Path, check: bool) -> Result<()> {
    let report = Report::read(folder)?;
    ensure!(report.passed, "{}: this run did not pass", folder.display());
    let path = run_dir::repo_root()?.join(PAGE);
    let page = fs::read_to_string(&path).with_context(|| format!("read {PAGE}"))?;
    let (before, rows, after) = parts(&page)?;
    let Shown { rows, wrong, left } = report.shown(rows)?;
    for title in left {
        lines::to_stdout(&format!("skipped: {title}: the run had none, so its row stays"));
    }
    if !check {
        return fs::write(path, [before, &rows, after].concat()).with_context(|| format!("write {PAGE}"));
    }
    ensure!(
        wrong.is_empty(),
        "{PAGE} shows what no run has: {}; run: cargo xtask e2e report --docs",
        wrong.join("; ")
    );
    Ok(())
}

/// What stands before the rows, the rows, and what stands behind them.
fn parts(page: &str) -> Result<(&str, &str, &str)> {
    let begins = page.find(MARK).map(|at| at + MARK.len());
    let begins =
        begins.with_context(|| format!("{PAGE} has no `{}`", MARK.lines().next().unwrap_or(MARK)))?;
    let (before, rest) = page.split_at(begins);
    let ends = rest
        .find(END)
        .with_context(|| format!("the table of {PAGE} has no end"))?;
    Ok((before, &rest[..ends], &rest[ends..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::ALL;

    /// Without a run: the steps of the page that are scenarios are there, with their limits.
    #[test]
    fn the_page_shows_scenarios_that_there_are_with_their_limits() {
        let path = run_dir::repo_root().unwrap().join(PAGE);
        let page = fs::read_to_string(path).unwrap();
        // A fork may have a page of its own there.
        if !page.contains(MARK) {
            return;
        }
        let (before, rows, after) = parts(&page).unwrap();
        assert_eq!([before, rows, after].concat(), page);
        let mut shown = Vec::new();
        for scenario in ALL {
            let step = &scenario.step;
            let mut lines = rows.lines();
            let row = lines.find(|row| row.starts_with(&format!("{}  ", step.title)));
            if let Some(row) = row {
                let columns: Vec<_> = row[step.title.len()..].split_whitespace().collect();
                assert_eq!(
                    columns[1..],
                    [step.budget.as_secs().to_string().as_str(), "passed"],
                    "{row}"
                );
                shown.push(step.id);
            }
        }
        assert!(shown.len() > 5, "{shown:?}");
    }
}
