//! How long each verb took: said at its end, and kept for the table of a whole run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::ci::{report, results};
use taskkit::events::{self, Event};
use taskkit::removal::remove_folder;

/// Seconds of each verb, by its name.
const FILE: &str = "timings.json";
/// The verb that a run of all verbs begins with.
const FIRST: &str = "plan";

/// Runs one verb and says how long it took, also when it failed.
pub(crate) fn timed<T>(folder: &Path, verb: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    if verb == FIRST {
        // The cache of a CI system brings back an earlier run's, which would pass for this one's.
        remove_folder(folder)?;
    }
    let started = Instant::now();
    let result = run();
    let seconds = started.elapsed().as_secs_f64();
    println!("{verb:9} took {seconds:.1} s");
    let took = Event::Took {
        verb: verb.to_owned(),
        seconds: rounded(seconds),
    };
    let kept = keep(folder, verb, seconds)
        .and_then(|()| events::add(&took))
        .and_then(|()| report::write(folder, verb, seconds, result.as_ref().err()));
    // The verb's own error says more.
    let value = result?;
    kept.map(|()| value)
}

fn keep(folder: &Path, verb: &str, seconds: f64) -> Result<()> {
    let file = folder.join(FILE);
    let former = fs::read(&file).ok();
    let mut all: BTreeMap<String, f64> = former
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default();
    all.insert(verb.to_owned(), rounded(seconds));
    let json = serde_json::to_string_pretty(&all).context("write the timings as JSON")?;
    results::write(&file, &(json + "\n"))
}

/// To milliseconds.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(folder: &Path) -> Vec<String> {
        let json = fs::read(folder.join(FILE)).unwrap();
        let all: BTreeMap<String, f64> = serde_json::from_slice(&json).unwrap();
        all.into_keys().collect()
    }

    #[test]
    fn a_run_begins_with_its_plan_and_keeps_what_follows() {
        let folder = tempfile::tempdir().unwrap();
        for verb in ["push", "plan", "build"] {
            timed(folder.path(), verb, || Ok(())).unwrap();
        }
        assert_eq!(kept(folder.path()), ["build", "plan"]);
    }

    #[test]
    fn a_verb_that_fails_is_timed_too() {
        let folder = tempfile::tempdir().unwrap();
        let error = timed(folder.path(), "push", || -> Result<()> { anyhow::bail!("no") });
        assert_eq!(error.unwrap_err().to_string(), "no");
        assert_eq!(kept(folder.path()), ["push"]);
    }
}
