//! `cargo xtask e2e --repeat N`: the same command N times, each in a process of its own, and how
//! far their times lie apart.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use e2e_report::{Kind, Report};
use serde_json::json;
use taskkit::lines;
use tokio::process::Command;

use crate::{bench::spread::Spread, cli::options::Options, host::interrupt, run::run_dir};

/// Runs all of them, whatever becomes of each, and tells what they have in common.
pub(crate) async fn run(times: u32, options: &Options) -> Result<()> {
    ensure!(
        !options.keep,
        "what one run keeps, the next would remove: --keep and --repeat exclude each other"
    );
    // Ctrl-C is for the run that is going on; it ends in order, and nothing is begun after it.
    let interrupt = interrupt::Interrupt::listen()?;
    let (mut reports, mut lost) = (Vec::new(), Vec::new());
    for number in 1..=times {
        lines::to_stderr(&format!("run {number} of {times}"));
        match one().await {
            Ok(report) => reports.push(report),
            // The reports of the others are worth no less.
            Err(error) => lost.push(format!("run {number}: {error:#}")),
        }
        if interrupt::asked() {
            break;
        }
    }
    drop(interrupt);
    let summary = Summary::of(&reports, lost);
    let (page, data) = (summary.page(), summary.json()?);
    lines::to_stdout(&format!("\n{page}"));
    let folder = folder(&reports)?;
    for (name, text) in [("repeated.md", page), ("repeated.json", data)] {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        lines::to_stderr(&format!("written: {}", path.display()));
    }
    ensure!(
        summary.passed == times as usize,
        "{} of {times} runs passed",
        summary.passed
    );
    Ok(())
}

/// The folder of the last run.
fn folder(reports: &[Report]) -> Result<PathBuf> {
    let last = reports.last().context("no run has left a report")?;
    Ok(run_dir::all()?.join(&last.run))
}

/// This very program with its own arguments, but once, and with a report that can be read.
async fn one() -> Result<Report> {
    let output = Command::new("/proc/self/exe")
        .args(once(std::env::args().skip(1)))
        .args(["--output", "json"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await
        .context("start the run")?;
    serde_json::from_slice(&output.stdout).context("the run printed no report; its messages are above")
}

/// The arguments without `--repeat N` and `--output FORM`.
fn once(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut rest = Vec::new();
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let ours = |flag: &str| argument == flag || argument.starts_with(&format!("{flag}="));
        if ours("--repeat") || ours("--output") {
            if !argument.contains('=') {
                arguments.next();
            }
        } else {
            rest.push(argument);
        }
    }
    rest
}

/// What many runs have in common.
#[derive(Debug, PartialEq)]
struct Summary {
    runs: usize,
    passed: usize,
    /// Seconds of the whole run, then of each step in the order of the first run: only where it
    /// passed.
    seconds: Vec<(String, Vec<f64>)>,
    /// Why others did not pass.
    failures: Vec<String>,
}

impl Summary {
    /// `lost` says of each run that left no report why.
    fn of(reports: &[Report], lost: Vec<String>) -> Self {
        let mut order = Vec::new();
        let mut steps: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let whole = reports.iter().filter(|report| report.passed);
        let whole = whole.map(|report| report.seconds).collect();
        for step in reports.iter().flat_map(|report| &report.steps) {
            if !order.contains(&step.title.as_str()) && (step.passed() || step.kind == Kind::Scenario) {
                order.push(&step.title);
            }
            if step.passed() {
                steps.entry(&step.title).or_default().push(step.seconds);
            }
        }
        let failures = reports.iter().filter_map(|report| {
            let cause = &report.diagnosis.as_ref()?.cause;
            Some(format!(
                "{}: {}",
                report.run,
                cause.lines().next().unwrap_or_default()
            ))
        });
        let of = |title: &str| (title.to_owned(), steps.remove(title).unwrap_or_default());
        Self {
            runs: reports.len() + lost.len(),
            passed: reports.iter().filter(|report| report.passed).count(),
            failures: failures.chain(lost).collect(),
            seconds: std::iter::once(("the whole run".to_owned(), whole))
                .chain(order.into_iter().map(of))
                .collect(),
        }
    }

    fn page(&self) -> String {
        let mut page = format!(
            "{} of {} runs passed.\n\n| seconds | passed | min | median | max |\n|---|---|---|---|---|\n",
            self.passed, self.runs
        );
        for (title, seconds) in &self.seconds {
            // Writing to a string cannot fail.
            let _ = match Spread::of(seconds.clone()) {
                Some(Spread { min, p50, max, .. }) => {
                    writeln!(
                        page,
                        "| {title} | {} | {min:.1} | {p50:.1} | {max:.1} |",
                        seconds.len()
                    )
                }
                None => writeln!(page, "| {title} | 0 | | | |"),
            };
        }
        for failure in &self.failures {
            let _ = writeln!(page, "\n- {failure}");
        }
        page
    }

    fn json(&self) -> Result<String> {
        let seconds: Vec<_> = self
            .seconds
            .iter()
            .map(|(title, seconds)| json!({ "step": title, "seconds": seconds }))
            .collect();
        let all = json!({ "runs": self.runs, "passed": self.passed, "seconds": seconds, "failures": self.failures });
        serde_json::to_string_pretty(&all).context("write JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use e2e_report::{Diagnosis, Outcome, StepRecord};

    fn report(run: &str, seconds: f64, cause: Option<&str>) -> Report {
        let outcome = match cause {
            Some(cause) => Outcome::Failed(cause.to_owned()),
            None => Outcome::Passed,
        };
        let step = StepRecord {
            seconds,
            ..StepRecord::new("drift", "drift", Kind::Scenario, outcome)
        };
        Report {
            run: run.to_owned(),
            passed: cause.is_none(),
            seconds: seconds * 10.0,
            steps: vec![step],
            diagnosis: cause.map(|cause| Diagnosis {
                cause: cause.to_owned(),
                next: String::new(),
            }),
            ..Report::default()
        }
    }

    #[test]
    fn runs_that_failed_are_named_and_their_times_do_not_count() {
        let reports = [
            report("a", 3.0, None),
            report("b", 1.0, None),
            report("c", 9.0, Some("not healed")),
        ];
        let lost = vec!["run 4: no disk".to_owned()];
        let page = Summary::of(&reports, lost).page();
        assert!(page.starts_with("2 of 4 runs passed."), "{page}");
        assert!(
            page.contains("| the whole run | 2 | 10.0 | 10.0 | 30.0 |"),
            "{page}"
        );
        assert!(page.contains("| drift | 2 | 1.0 | 1.0 | 3.0 |"), "{page}");
        assert!(page.contains("- c: not healed\n\n- run 4: no disk\n"), "{page}");
        assert!(
            Summary::of(&reports[2..], Vec::new())
                .page()
                .contains("| drift | 0 | | | |")
        );
    }

    #[test]
    fn each_run_gets_the_same_arguments_but_those_that_are_ours() {
        let given = [
            "--suite",
            "failures",
            "--repeat",
            "3",
            "--output=text",
            "--no-install",
        ];
        assert_eq!(
            once(given.iter().map(ToString::to_string)),
            ["--suite", "failures", "--no-install"]
        );
    }
}
