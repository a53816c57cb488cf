//! Writes the report of a run from its records.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::ValueEnum as _;
use e2e_report::{Diagnosis, FORMAT, Report};
use taskkit::lines;
use xshell::Shell;

use crate::{
    git::checkout::Seed,
    host::machine,
    report::readme,
    run::{Session, run_dir},
    scenario::Failure,
    scenarios::ALL,
};

/// What is under test, asked before anything can change it.
pub(crate) struct About(e2e_report::About);

impl About {
    pub(crate) async fn now(session: &Session) -> Self {
        // Later steps need it and say so; a report can do without.
        let seed = Seed::of(&session.run.repo).await.ok();
        Self(e2e_report::About {
            began: run_dir::rfc3339(session.progress.recorder().began()).unwrap_or_default(),
            commit: seed.as_ref().map(|seed| seed.head.clone()).unwrap_or_default(),
            left_out: seed.map_or(0, |seed| seed.left_out),
            arguments: std::env::args().skip(1).collect::<Vec<_>>().join(" "),
            machine: machine::name(),
            cpus: machine::cpus(),
            memory_bytes: machine::memory(),
            engine: String::new(),
            ci: session
                .options
                .system()
                .to_possible_value()
                .map(|value| value.get_name().to_owned())
                .unwrap_or_default(),
        })
    }
}

/// The report of a run that is over; it passed unless there is a diagnosis.
pub(crate) fn report(session: &Session, about: About, diagnosis: Option<Diagnosis>) -> Report {
    let mut report = Report {
        format: FORMAT,
        run: session.run.id.clone(),
        passed: diagnosis.is_none(),
        about: about.0,
        diagnosis,
        ..session.progress.recorder().report()
    };
    report.about.engine = engine(session);
    let saved = session.diagnostics().is_some();
    // The tools of a step write into a log of its name, and a scenario that failed has left
    // diagnostics.
    for step in &mut report.steps {
        let log = format!("logs/{}.log", step.id);
        let diagnostics = saved.then(|| format!("diagnostics/{}", step.id));
        let theirs = [log].into_iter().chain(diagnostics);
        let there = theirs.filter(|file| session.run.file(file).exists());
        step.files.extend(there);
        if let Some(scenario) = ALL.iter().find(|scenario| scenario.step.id == step.id) {
            scenario.suite.name().clone_into(&mut step.suite);
            step.failure = scenario.failure.map(Failure::for_report);
        }
    }
    report
}

/// Such as `podman version 5.4.2`.
fn engine(session: &Session) -> String {
    let Some(engine) = session.engine.get() else {
        return String::new();
    };
    let asked = Shell::new().and_then(|shell| {
        engine
            .command(&shell, ["--version"])
            .quiet()
            .ignore_stderr()
            .read()
    });
    asked.unwrap_or_else(|_| engine.program().to_owned())
}

/// Writes the page of an earlier run again, or what `docs` show of it; without a folder, of the
/// newest that has a report.
pub(crate) fn again(folder: Option<PathBuf>, docs: bool, check: bool) -> Result<()> {
    let folder = match folder.map_or_else(|| newest(&run_dir::all()?), Ok) {
        Err(none) if check => {
            lines::to_stdout(&format!("skipped: {none:#}"));
            return Ok(());
        }
        folder => folder?,
    };
    if docs {
        return readme::run(&folder, check);
    }
    let report = Report::read(&folder)?;
    lines::to_stdout(&report.write_page(&folder)?.display().to_string());
    Ok(())
}

fn newest(runs: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(runs).with_context(|| format!("look for runs in {}", runs.display()))?;
    // Their names are the times of their starts.
    let with_report = |folder: &PathBuf| folder.join(e2e_report::JSON).exists();
    let newest = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(with_report)
        .max();
    newest.with_context(|| format!("no run in {} has left a report", runs.display()))
}

#[cfg(test)]
mod tests {
    use e2e_report::{Kind, Outcome, StepRecord};
    use supply::cache::Cache;

    use super::*;
    use crate::{
        cli,
        run::{
            progress::{History, Progress},
            run_dir::RunDir,
        },
    };

    #[test]
    fn a_step_names_the_diagnostics_of_this_command_alone() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache")).unwrap();
        let run = RunDir::open("run", folder.path()).unwrap();
        fs::create_dir_all(run.diagnostics().join("drift")).unwrap();
        let session = Session::new(run, cache, Progress::new(1, History::new()), cli::options(&[]));
        let failed = Outcome::Failed("scaled".to_owned());
        let recorder = session.progress.recorder();
        recorder.step(StepRecord::new("drift", "drift", Kind::Scenario, failed));
        let files = || {
            let about = About(e2e_report::About::default());
            report(&session, about, None).steps[0].files.clone()
        };
        assert!(files().is_empty());
        session.has_saved();
        assert_eq!(files(), ["diagnostics/drift"]);
    }

    #[test]
    fn the_newest_run_is_the_last_by_name_that_has_a_report() {
        let runs = tempfile::tempdir().unwrap();
        assert!(newest(runs.path()).is_err());
        for (run, report) in [
            ("20261121-090000", true),
            ("20261121-100000", true),
            ("20261121-110000", false),
        ] {
            fs::create_dir(runs.path().join(run)).unwrap();
            if report {
                fs::write(runs.path().join(run).join("report.json"), "{}").unwrap();
            }
        }
        assert!(newest(runs.path()).unwrap().ends_with("20261121-100000"));
    }
}
