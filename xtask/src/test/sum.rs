//! Adds up what the suites reported. A skip is counted and printed with its reason; it never looks
//! like a pass.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::skips::Skips;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// How a suite went.
#[derive(Debug)]
pub(super) struct Row {
    name: &'static str,
    count: Count,
    /// Why tests were skipped, each reason once.
    reasons: BTreeSet<String>,
    /// No test of it was to run.
    left_out: bool,
    /// Why it could not be made ready, although this machine has what it needs.
    broken: Option<String>,
    took: Duration,
    ended_well: bool,
}

impl Row {
    /// A suite of which nothing has run yet.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            count: Count::default(),
            reasons: BTreeSet::new(),
            left_out: false,
            broken: None,
            took: Duration::ZERO,
            ended_well: false,
        }
    }

    /// A suite that this machine cannot run.
    pub(super) fn left_out(name: &'static str, reason: String) -> Self {
        Self {
            reasons: BTreeSet::from([reason]),
            left_out: true,
            ..Self::new(name)
        }
    }

    /// A suite that could not be made ready on a machine that has what it needs: a failure.
    pub(super) fn broken(name: &'static str, reason: String) -> Self {
        Self {
            broken: Some(reason),
            ..Self::new(name)
        }
    }

    /// A suite of one test that this program runs itself.
    pub(super) fn checked(name: &'static str, outcome: &Result<()>, took: Duration) -> Self {
        if let Err(error) = outcome {
            println!("── {name}\n{error:#}");
        }
        let (passed, failed) = if outcome.is_ok() { (1, 0) } else { (0, 1) };
        let count = Count {
            passed,
            failed,
            skipped: 0,
        };
        let row = Self {
            count,
            ..Self::new(name)
        };
        row.ended(outcome.is_ok(), took)
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Takes in a line that one of its binaries printed.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(more) = result_line(line) {
            self.count.add(more);
        }
        self.reasons.extend(reason(line));
    }

    pub(super) fn ended(self, well: bool, took: Duration) -> Self {
        Self {
            ended_well: well,
            took,
            ..self
        }
    }

    fn fault(&self, skips: &Skips) -> Option<String> {
        if let Some(reason) = &self.broken {
            return Some(format!("could not be made ready: {reason}"));
        }
        let unlisted = || {
            self.reasons
                .iter()
                .find_map(|reason| skips.fault(self.name, reason))
        };
        self.own_fault().map(str::to_owned).or_else(unlisted)
    }

    fn own_fault(&self) -> Option<&'static str> {
        if self.left_out {
            None
        } else if self.count.passed + self.count.failed == 0 {
            Some("no test ran")
        } else if !self.ended_well || self.count.failed > 0 {
            Some("failed")
        } else if self.count.skipped > 0 && self.reasons.is_empty() {
            Some("tests were skipped without a reason")
        } else {
            None
        }
    }
}

impl Count {
    fn add(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.skipped += more.skipped;
    }
}

/// Why tests are skipped: `skipped: …` from a binary that knows only as it runs, behind `test … `
/// where one test runs at a time, as on one core; `test … ignored, …` from one that says so in its
/// source.
fn reason(line: &str) -> Option<String> {
    let reason = line.strip_prefix("skipped: ").or_else(|| {
        let (_, said) = line.strip_prefix("test ")?.split_once(" ... ")?;
        said.strip_prefix("skipped: ")
            .or_else(|| said.strip_prefix("ignored, "))
    })?;
    Some(reason.to_owned())
}

/// `test result: ok. 3 passed; 0 failed; …`, the line each test binary ends with.
fn result_line(line: &str) -> Option<Count> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word: &str| {
        let part = counts.split("; ").find(|part| part.ends_with(word))?;
        part.split(' ').next()?.parse().ok()
    };
    Some(Count {
        passed: number(" passed")?,
        failed: number(" failed")?,
        skipped: number(" ignored")?,
    })
}

/// Prints every suite and the sum; an error if any has a fault.
pub(super) fn report(rows: &[Row], skips: &Skips) -> Result<()> {
    let mut sum = Count::default();
    println!();
    for row in rows {
        let count = row.count;
        if row.left_out || row.broken.is_some() {
            println!("{:50} not run", row.name);
        } else {
            println!(
                "{:50} {:>4} passed {:>3} failed {:>3} skipped {:>4} s",
                row.name,
                count.passed,
                count.failed,
                count.skipped,
                row.took.as_secs()
            );
        }
        for reason in &row.reasons {
            println!("  skipped: {reason}");
        }
        sum.add(count);
    }
    let left_out = rows.iter().filter(|row| row.left_out).count();
    println!(
        "{} passed, {} failed, {} skipped, {left_out} suites not run",
        sum.passed, sum.failed, sum.skipped
    );
    let faults: Vec<_> = rows
        .iter()
        .filter_map(|row| Some(format!("{}: {}", row.name, row.fault(skips)?)))
        .collect();
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_test_binary_is_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        assert_eq!(
            result_line(line),
            Some(Count {
                passed: 12,
                failed: 3,
                skipped: 1,
            })
        );
        assert_eq!(result_line("test result_line ... ok"), None);
    }

    #[test]
    fn reasons_are_found_in_both_forms() {
        let found = |line| reason(line);
        assert_eq!(found("skipped: b: no engine"), Some("b: no engine".to_owned()));
        assert_eq!(
            found("test a::b ... ignored, too slow"),
            Some("too slow".to_owned())
        );
        assert_eq!(
            found("test a ... skipped: gitleaks: not installed"),
            Some("gitleaks: not installed".to_owned())
        );
        assert_eq!(found("test a::skipped ... ok"), None);
    }

    fn report(rows: &[Row]) -> Result<()> {
        super::report(rows, &Skips::of_a_person())
    }

    fn row(passed: u64, skipped: u64, reasons: &[&str]) -> Row {
        Row {
            count: Count {
                passed,
                failed: 0,
                skipped,
            },
            reasons: reasons.iter().map(ToString::to_string).collect(),
            ended_well: true,
            ..Row::new("some")
        }
    }

    #[test]
    fn a_suite_without_tests_is_a_failure() {
        assert!(report(&[row(1, 0, &[])]).is_ok());
        assert!(report(&[row(1, 0, &[]), row(0, 0, &[])]).is_err());
        assert!(report(&[row(0, 9, &["no engine"])]).is_err());
    }

    #[test]
    fn a_suite_that_cannot_run_is_no_failure_and_no_pass() {
        let left_out = Row::left_out("some", "no browser".to_owned());
        assert!(report(&[row(1, 0, &[]), left_out]).is_ok());
        let cut = row(1, 0, &[]).ended(false, Duration::ZERO);
        assert!(report(&[cut]).is_err());
    }

    #[test]
    fn a_suite_that_could_not_be_made_ready_is_a_failure_that_says_why() {
        let broken = Row::broken("some", "no answer on podman.sock".to_owned());
        let error = report(&[row(1, 0, &[]), broken]).unwrap_err().to_string();
        assert!(error.contains("no answer on podman.sock"), "{error}");
    }

    #[test]
    fn in_ci_a_skip_that_is_not_listed_is_a_failure_that_names_it() {
        let ci = Skips::of_ci("some", "no engine");
        assert!(super::report(&[row(1, 1, &["a: no engine"])], &ci).is_ok());
        // A test that returns early counts as passed, and its reason all the same.
        for rows in [
            [row(1, 1, &["a: no engine", "no browser"])],
            [row(1, 0, &["no browser"])],
            [Row::left_out("some", "no browser".to_owned())],
        ] {
            let error = super::report(&rows, &ci).unwrap_err().to_string();
            assert!(error.contains("no browser"), "{error}");
        }
    }

    #[test]
    fn a_skip_has_a_reason() {
        assert!(report(&[row(1, 1, &["no engine"])]).is_ok());
        assert!(report(&[row(1, 1, &[])]).is_err());
    }
}
