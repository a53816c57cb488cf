//! One run of CI as the e2e keeps it: a line of the ledger, and the events of its verbs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Took;
use taskkit::environment::project;
use taskkit::events::Event;

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
    /// Of an environment that nothing is built for.
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
    events: PathBuf,
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

/// The runs that passed, in order. One that might have and compiled nothing is left out: its
/// figures are of no change.
pub(super) fn read(ledger: &Path) -> Result<Vec<Ran>> {
    let text = fs::read(ledger).with_context(|| format!("read {}", ledger.display()))?;
    let Ledger { runs } =
        serde_json::from_slice(&text).with_context(|| format!("read {}", ledger.display()))?;
    let mut all = Vec::new();
    for run in runs {
        let State::Passed { seconds } = run.state else {
            continue;
        };
        let events = events(&run.events)?;
        let builds = project()
            .released_from(&run.branch)
            .is_none_or(project::Environment::builds);
        let place = match builds {
            false => Place::Promotion,
            true if has_compiled(&events) => Place::Change,
            true => continue,
        };
        all.push(Ran {
            system: run.system,
            place,
            took: Took {
                whole: (seconds * 10.0).round() / 10.0,
                verbs: verbs(&events),
            },
        });
    }
    Ok(all)
}

fn events(file: &Path) -> Result<Vec<Event>> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let read = text.lines().map(serde_json::from_str);
    read.collect::<Result<_, _>>()
        .with_context(|| format!("read {}", file.display()))
}

/// Whether it made an image, and of no app what an earlier run of the same content had compiled.
fn has_compiled(events: &[Event]) -> bool {
    let built = events.iter().any(|event| matches!(event, Event::Built { .. }));
    let kept = events.iter().any(|event| matches!(event, Event::Kept { .. }));
    built && !kept
}

/// Seconds of each verb; GitLab's jobs call some of them twice.
fn verbs(events: &[Event]) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for event in events {
        if let Event::Took { verb, seconds } = event {
            *all.entry(verb.clone()).or_insert(0.0) += seconds;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(verb: &str, seconds: f64) -> String {
        format!("{{\"event\":\"took\",\"verb\":\"{verb}\",\"seconds\":{seconds}}}\n")
    }

    fn parsed(lines: &str) -> Vec<Event> {
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    const BUILT: &str =
        "{\"event\":\"built\",\"app\":\"backend\",\"image\":\"h/backend:0\",\"megabytes\":11.7}\n";

    #[test]
    fn a_run_has_compiled_if_it_built_and_kept_nothing() {
        let built = parsed(&(took("plan", 0.1) + BUILT + &took("build", 20.5)));
        assert!(has_compiled(&built));
        let expected = [("plan".to_owned(), 0.1), ("build".to_owned(), 20.5)];
        assert_eq!(verbs(&built), expected.into());
        let kept = "{\"event\":\"kept\",\"app\":\"backend\"}\n".to_owned() + BUILT;
        assert!(!has_compiled(&parsed(&kept)));
        let twice = parsed(&(took("propose", 0.5) + &took("propose", 1.0)));
        assert!(!has_compiled(&twice));
        assert_eq!(verbs(&twice), [("propose".to_owned(), 1.5)].into());
    }

    #[test]
    fn runs_that_failed_or_built_nothing_are_left_out() {
        taskkit::environment::read().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let run = |name: &str, branch: &str, state: &str, text: &str| {
            let log = folder.path().join(name);
            fs::write(&log, text).unwrap();
            format!(
                r#"{{"number": 0, "system": "github", "branch": "{branch}", "events": {log:?}, "state": {state}}}"#
            )
        };
        let passed = r#"{"passed": {"seconds": 30.04, "exported": {}}}"#;
        let [main, last] = [project().first(), project().last()].map(project::Environment::branch);
        let runs = [
            run("a", main, passed, &(BUILT.to_owned() + &took("build", 9.0))),
            run("b", main, r#"{"failed": {"cause": "no"}}"#, ""),
            run("c", main, passed, &took("build", 0.1)),
            run("d", last, passed, &took("promote", 0.5)),
            run("e", main, "\"queued\"", ""),
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
