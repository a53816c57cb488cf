//! One run of CI as the e2e keeps it: a line of the ledger, and a log in which each verb says how
//! long it took.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Took;

/// A run that passed.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) system: String,
    pub(super) place: Place,
    pub(super) took: Took,
}

/// What a run was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It built something.
    Change,
    /// On `production`, where nothing is built.
    Promotion,
}

#[derive(Debug, Deserialize)]
struct Ledger {
    runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    system: String,
    branch: String,
    log: PathBuf,
    state: State,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Queued,
    Running(IgnoredAny),
    Passed { seconds: f64 },
    Failed(IgnoredAny),
}

/// The runs that passed, in order. One on `master` that compiled nothing is left out: its figures
/// are of no change.
pub(super) fn read(ledger: &Path) -> Result<Vec<Ran>> {
    let text = fs::read(ledger).with_context(|| format!("read {}", ledger.display()))?;
    let Ledger { runs } =
        serde_json::from_slice(&text).with_context(|| format!("read {}", ledger.display()))?;
    let mut all = Vec::new();
    for run in runs {
        let State::Passed { seconds } = run.state else {
            continue;
        };
        let log = fs::read_to_string(&run.log).with_context(|| format!("read {}", run.log.display()))?;
        let place = match run.branch.as_str() {
            "production" => Place::Promotion,
            _ if has_compiled(&log) => Place::Change,
            _ => continue,
        };
        all.push(Ran {
            system: run.system,
            place,
            took: Took {
                whole: (seconds * 10.0).round() / 10.0,
                verbs: verbs(&log),
            },
        });
    }
    Ok(all)
}

/// `built IMAGE (11.7 MB)`, with what a runner puts before each line; and nothing came from an
/// earlier run of the same content.
fn has_compiled(log: &str) -> bool {
    let says = |start: &str, end: &str| {
        log.lines()
            .any(|line| line.contains(start) && line.ends_with(end))
    };
    says("built     ", " MB)") && !says("kept      ", " was compiled before from the same content")
}

/// `plan      took 0.1 s`, likewise.
fn verbs(log: &str) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for line in log.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        if let [.., verb, "took", seconds, "s"] = words.as_slice()
            && let Ok(seconds) = seconds.parse::<f64>()
        {
            *all.entry((*verb).to_owned()).or_insert(0.0) += seconds;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runners_lines_are_read() {
        let codebuild =
            "plan      took 0.1 s\nbuilt     127.0.0.1:1/loop/backend:0 (11.7 MB)\nbuild     took 20.5 s\n";
        assert!(has_compiled(codebuild));
        let kept = format!("kept      backend was compiled before from the same content\n{codebuild}");
        assert!(!has_compiled(&kept));
        let expected = [("plan".to_owned(), 0.1), ("build".to_owned(), 20.5)];
        assert_eq!(verbs(codebuild), expected.into());
        let gitlab = "update_manifest > propose   took 0.5 s\nopen_MR         > propose   took 1.0 s\n";
        assert!(!has_compiled(gitlab));
        assert_eq!(verbs(gitlab), [("propose".to_owned(), 1.5)].into());
    }

    #[test]
    fn runs_that_failed_or_built_nothing_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let run = |name: &str, branch: &str, state: &str, text: &str| {
            let log = folder.path().join(name);
            fs::write(&log, text).unwrap();
            format!(
                r#"{{"number": 0, "system": "github", "branch": "{branch}", "log": {log:?}, "state": {state}}}"#
            )
        };
        let passed = r#"{"passed": {"seconds": 30.04, "exported": {}}}"#;
        let runs = [
            run(
                "a",
                "master",
                passed,
                "built     x (1.0 MB)\nbuild     took 9.0 s\n",
            ),
            run("b", "master", r#"{"failed": {"cause": "no"}}"#, ""),
            run("c", "master", passed, "nothing to build\n"),
            run("d", "production", passed, "promote   took 0.5 s\n"),
            run("e", "master", "\"queued\"", ""),
        ];
        let ledger = folder.path().join("ledger.json");
        fs::write(
            &ledger,
            format!(r#"{{"pushes": [], "runs": [{}]}}"#, runs.join(",")),
        )
        .unwrap();
        let read = read(&ledger).unwrap();
        let places: Vec<_> = read.iter().map(|ran| ran.place).collect();
        assert_eq!(places, [Place::Change, Place::Promotion]);
        assert!((read[0].took.whole - 30.0).abs() < 0.01);
    }
}
