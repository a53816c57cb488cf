//! How a command that works on clusters begins and ends: what is checked before its first step, and
//! what happens after the last one, whatever its outcome.

mod addresses;
mod announce;
pub(crate) mod bench;
mod cleanup;
mod command;
pub(crate) mod commands;

use std::{process::ExitCode, sync::atomic::Ordering};

use anyhow::{Context, Result};
use e2e_report::{Diagnosis, Report};
use pipelines::System;
use supply::cache::{Cache, Lock};
use taskkit::lines;

use crate::{
    cli::{
        ci_service,
        options::{Options, Output},
    },
    host::{
        interrupt::{self, Interrupt},
        machine,
    },
    report::run_report,
    run::{
        Session,
        progress::Progress,
        saved_state::{State, Timings},
    },
    scenario::{Scenario, runner, selection},
};
pub(crate) use command::Command;

/// Runs one command and gives the exit code of the process.
pub(crate) async fn run(command: impl Command, options: Options) -> ExitCode {
    let begun = Cache::locate()
        .and_then(|cache| begin(&command, options, cache))
        .and_then(|begun| Ok((begun, Interrupt::listen()?)));
    let ((session, chosen, _lock), interrupt) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            lines::to_stderr(&format!("error: {error:#}"));
            return ExitCode::FAILURE;
        }
    };
    let about = run_report::About::now(&session).await;
    let _load = machine::watch(session.progress.recorder());
    let outcome = Box::pin(interrupt.bound(command.carry_out(&session, &chosen))).await;
    let passed = finish(&command, &session, &chosen, outcome, about).await;
    if interrupt::asked() {
        return interrupt::EXIT_CODE.into();
    }
    if passed && !lines::lost() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

type Begun = (Session, Vec<&'static Scenario>, Lock);

/// Everything that can be found wrong before anything is started.
fn begin<C: Command>(command: &C, options: Options, cache: Cache) -> Result<Begun> {
    let lock = cache.lock()?;
    let up = State::load(&cache).ok().flatten().and_then(|state| state.up);
    let options = going_on::<C>(options, up.as_ref().map(|up| up.ci));
    let topology = match &up {
        Some(up) if C::ATTACHES => up.world.topology,
        _ => options.topology(),
    };
    let chosen = selection::select(&options.only, &options.suite, topology)?;
    let run = command.folder(State::load(&cache))?;
    let timings = Timings::load(&cache);
    if C::BRINGS_ALL_UP {
        announce::announce(C::RUNS_SCENARIOS, &chosen, &cache, &timings, &options)?;
    }
    let steps = command.steps(&options, up.as_ref(), chosen.len());
    let progress = Progress::new(steps, timings.steps);
    let session = Session::new(run, cache, progress, options).with_readers(C::ADMITS_READERS);
    Ok((session, chosen, lock))
}

/// The options as they hold on what is up, if anything is: `up` is whose CI file that uses.
pub(crate) fn going_on<C: Command>(options: Options, up: Option<System>) -> Options {
    match up {
        Some(ci) if C::ATTACHES => options.going_on(ci),
        _ => options,
    }
}

/// Diagnostics, removal, report; true if all went well.
async fn finish<C: Command>(
    command: &C,
    session: &Session,
    chosen: &[&'static Scenario],
    outcome: Result<()>,
    about: run_report::About,
) -> bool {
    if C::RUNS_SCENARIOS {
        runner::note_skipped(session.progress.recorder(), chosen);
    }
    let error = clean_up(command, session, outcome.err()).await;
    if C::LEAVES_CI_RUNNING && stays_up(session) {
        // The command has ended the one that was there.
        session.progress.say("starting the CI in the background");
        note(session, ci_service::start(session).await);
    }
    let next = next_command(command, session);
    if C::REPORTS {
        let diagnosis = error.as_ref().map(|error| Diagnosis {
            cause: format!("{error:#}"),
            next: next.to_owned(),
        });
        let whole = C::BRINGS_ALL_UP && C::RUNS_SCENARIOS;
        report(session, whole, &run_report::report(session, about, diagnosis));
    }
    say_how_it_ended::<C>(session, error.as_ref(), next);
    if error.is_none() {
        for line in command.last_words() {
            session.progress.say(&line);
        }
    }
    error.is_none()
}

/// Saves what tells of a failure, and removes what is not to stay; gives the first error.
async fn clean_up<C: Command>(
    command: &C,
    session: &Session,
    error: Option<anyhow::Error>,
) -> Option<anyhow::Error> {
    let touched = session.touched.load(Ordering::SeqCst) || C::GOES_ON;
    // A scenario that failed has saved them, as it left things. Those of an earlier command stay
    // until this one can ask what is up.
    let saved = session.diagnostics().is_some();
    if C::REPORTS && error.is_some() && touched && session.engine.get().is_some() && !saved {
        note(session, cleanup::replace_diagnostics(session).await);
    }
    // What stood before is not removed: it was not touched.
    if touched && command.removes(error.is_some(), session.options.keep) {
        let removed = cleanup::remove(session).await;
        return error.or(removed.err());
    }
    let tidied = command.tidy(session).await;
    error.or(tidied.err())
}

/// Writes the report, learns how long the steps took, and prints the table; `whole` says that the
/// command leaves nothing out that it is not asked to.
fn report(session: &Session, whole: bool, report: &Report) {
    let Options {
        only, suite, output, ..
    } = &session.options;
    let whole = whole && only.is_empty() && suite.is_empty();
    note(
        session,
        report.write(&session.run.path).context("write the report"),
    );
    note(
        session,
        Timings::load(&session.cache).learn(report, whole, &session.cache),
    );
    match output {
        Output::Text => lines::to_stdout(&format!("\n{}", report.table())),
        Output::Json => lines::to_stdout(&serde_json::to_string_pretty(report).unwrap_or_default()),
    }
}

/// The last lines.
fn say_how_it_ended<C: Command>(session: &Session, error: Option<&anyhow::Error>, next: &str) {
    let page = session.run.file(e2e_report::PAGE);
    let Some(error) = error else {
        if C::REPORTS {
            lines::to_stderr(&format!("passed; report: {}", page.display()));
        }
        return;
    };
    lines::to_stderr(&format!("error: {error:#}"));
    if C::REPORTS {
        lines::to_stderr(&format!("report: {}", page.display()));
    }
    if let Some(diagnostics) = session.diagnostics() {
        lines::to_stderr(&format!("diagnostics: {}", diagnostics.display()));
    }
    lines::to_stderr(&format!("logs: {}", session.run.logs().display()));
    lines::to_stderr(&format!("next: {next}"));
}

/// What a person does next after it failed.
fn next_command(command: &impl Command, session: &Session) -> &'static str {
    let kept = session.options.keep;
    if interrupt::asked() && !kept {
        command.next_after_interrupt()
    } else {
        command.next_command(kept)
    }
}

/// Whether all is up of the run that this command is of. A command that ended before it began has a
/// run of its own, and has left alone what was up.
fn stays_up(session: &Session) -> bool {
    let state = State::load(&session.cache).ok().flatten();
    state.is_some_and(|state| state.up.is_some() && state.run == session.run.id)
}

/// For failures that must not hide the one that came before.
fn note(session: &Session, outcome: Result<()>) {
    if let Err(error) = outcome {
        session.progress.say(&format!("note: {error:#}"));
    }
}

#[cfg(test)]
mod tests {
    use supply::engine::{Engine, Kind};

    use super::*;
    use crate::{
        cli,
        run::{progress::History, run_dir::RunDir},
    };

    #[test]
    fn a_run_that_is_refused_leaves_what_tells_of_the_last_failure() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache")).unwrap();
        let failed = folder.path().join("failed");
        let diagnostics = failed.join("diagnostics/promotion");
        std::fs::create_dir_all(&diagnostics).unwrap();
        let state = State {
            run: "failed".to_owned(),
            folder: failed,
            engine: None,
            up: None,
        };
        state.save(&cache).unwrap();
        let refused = |arguments: &[&str]| {
            let begun = begin(&commands::Run, cli::options(arguments), cache.clone());
            assert!(diagnostics.exists(), "{arguments:?}");
            begun.err().expect("must be refused").to_string()
        };
        assert!(refused(&["--only", "typo"]).contains("no scenario is called typo"));
        assert!(refused(&[]).contains("only a part is up"));
    }

    #[tokio::test]
    async fn what_is_up_is_not_forgotten_where_its_engine_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        if Engine::installed() {
            // Once more, in a process that finds no program at all.
            let test = "cli::lifecycle::tests::what_is_up_is_not_forgotten_where_its_engine_is_gone";
            let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
            let ran = alone.args(["--exact", test]).env("PATH", folder.path()).output();
            let ran = ran.unwrap();
            let said = String::from_utf8_lossy(&ran.stdout);
            assert!(ran.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        let cache = Cache::at(folder.path().join("cache")).unwrap();
        let (id, path) = ("run".to_owned(), folder.path().to_owned());
        let state = State {
            run: id.clone(),
            folder: path.clone(),
            engine: Some(Kind::Docker),
            up: None,
        };
        state.save(&cache).unwrap();
        let repo = path.clone();
        let run = RunDir { id, repo, path };
        let progress = Progress::new(1, History::new());
        let session = Session::new(run, cache.clone(), progress, cli::options(&[]));
        let error = format!("{:#}", cleanup::remove(&session).await.unwrap_err());
        assert!(error.contains("ask Docker, which has what"), "{error}");
        assert_eq!(State::engine(&cache), Some(Kind::Docker));
    }

    #[tokio::test]
    async fn a_run_that_cannot_ask_what_is_up_leaves_the_last_diagnostics_and_does_not_name_them() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache")).unwrap();
        let run = RunDir::open("run", folder.path()).unwrap();
        let last = run.diagnostics().join("promotion");
        std::fs::create_dir_all(&last).unwrap();
        let session = Session::new(run, cache, Progress::new(1, History::new()), cli::options(&[]));
        let failed = anyhow::anyhow!("no container engine works");
        let error = clean_up(&commands::Run, &session, Some(failed)).await;
        assert!(error.is_some() && last.exists());
        assert_eq!(session.diagnostics(), None);
        cleanup::forget_diagnostics(&session.run).unwrap();
        assert!(!last.exists());
        cleanup::forget_diagnostics(&session.run).unwrap();
    }
}
