//! The commands: which steps each runs, and what happens after the last one, whatever its outcome.

mod announce;
mod goal;

use std::{fs, io::ErrorKind, path::Path, process::ExitCode, sync::atomic::Ordering};

use anyhow::{Context, Result, bail};
use e2e_report::Diagnosis;
use supply::cache::{Cache, Lock};

use crate::{
    bring_up, ci_service, diagnose,
    interrupt::{self, Interrupt},
    loop_bench, machine,
    options::{Options, Output},
    plan,
    progress::Progress,
    render,
    run_dir::RunDir,
    runner,
    scenario::Scenario,
    selection,
    session::Session,
    state::{State, Timings},
    teardown,
};

pub(crate) use goal::Goal;

/// Runs one command and gives the exit code of the process.
pub(crate) async fn run(goal: Goal, options: Options) -> ExitCode {
    let begun = begin(&goal, options).and_then(|begun| Ok((begun, Interrupt::listen()?)));
    let ((session, chosen, _lock), interrupt) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let about = render::About::now(&session).await;
    let _load = machine::watch(session.progress.recorder());
    let outcome = Box::pin(interrupt.bound(body(&goal, &session, &chosen))).await;
    if goal.runs_scenarios() {
        runner::note_skipped(session.progress.recorder(), &chosen);
    }
    let passed = finish(&goal, &session, outcome, about).await;
    if interrupt::asked() {
        return interrupt::EXIT_CODE.into();
    }
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

type Begun = (Session, Vec<&'static Scenario>, Lock);

/// Everything that can be found wrong before anything is started.
fn begin(goal: &Goal, options: Options) -> Result<Begun> {
    let chosen = selection::select(&options.only, &options.suite)?;
    let cache = Cache::locate()?;
    let lock = cache.lock()?;
    let state = State::load(&cache);
    let run = match (goal, &state) {
        // What was brought up writes on in the folder of its run.
        (Goal::Run, Ok(Some(state))) => without_diagnostics(&state.run, &state.folder)?,
        (Goal::Logs, Ok(Some(state))) => RunDir::at(&state.run, &state.folder)?,
        (Goal::Bench(_), Ok(Some(state))) if state.up.is_some() => RunDir::at(&state.run, &state.folder)?,
        (_, Ok(None)) if goal.needs_what_is_up() => {
            bail!("nothing is up; run `cargo xtask e2e up` first")
        }
        (_, Err(error)) if goal.needs_what_is_up() => bail!("{error:#}"),
        _ => RunDir::create()?,
    };
    let options = match (goal, state) {
        (Goal::Run, Ok(Some(State { up: Some(up), .. }))) => options.going_on(up.ci),
        _ => options,
    };
    let timings = Timings::load(&cache);
    if goal.brings_all_up() {
        announce::announce(goal.runs_scenarios(), &chosen, &cache, &timings, &options)?;
    }
    let steps = goal.steps(&options, chosen.len());
    let progress = Progress::new(steps, timings.steps);
    Ok((Session::new(run, cache, progress, options), chosen, lock))
}

/// The folder of the run that brought up what is up, without what earlier scenarios saved in it.
fn without_diagnostics(id: &str, folder: &Path) -> Result<RunDir> {
    let run = RunDir::at(id, folder)?;
    match fs::remove_dir_all(run.diagnostics()) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context("remove the last diagnostics")
        }
        _ => Ok(run),
    }
}

async fn body(goal: &Goal, session: &Session, chosen: &[&'static Scenario]) -> Result<()> {
    match goal {
        Goal::Proof => {
            let mut testbed = Box::pin(bring_up::up(session)).await?;
            runner::run(&session.progress, &mut testbed, chosen).await
        }
        Goal::Up => Box::pin(bring_up::up(session))
            .await
            .map(|testbed| announce::say_where(session, &testbed)),
        Goal::Run => {
            let mut testbed = bring_up::attach(session).await?;
            runner::run(&session.progress, &mut testbed, chosen).await
        }
        Goal::Bench(args) => {
            let standing = State::load(&session.cache)?.is_some_and(|state| state.up.is_some());
            let testbed = if standing {
                bring_up::attach(session).await?
            } else {
                Box::pin(bring_up::up(session)).await?
            };
            loop_bench::run(session, &testbed, args).await
        }
        Goal::Down => down(session).await,
        Goal::Logs => {
            session.find_engine()?;
            save_diagnostics(session).await
        }
        Goal::Clusters => bring_up::clusters(session).await,
    }
}

/// Diagnostics, removal, report; true if all went well.
async fn finish(goal: &Goal, session: &Session, outcome: Result<()>, about: render::About) -> bool {
    let mut error = outcome.err();
    let touched = session.touched.load(Ordering::SeqCst) || matches!(goal, Goal::Run);
    // A scenario that failed has saved them, as it left things.
    let saved = session.run.diagnostics().exists();
    if goal.reports() && error.is_some() && touched && session.engine.get().is_some() && !saved {
        note(session, save_diagnostics(session).await);
    }
    // What stood before is not removed: it was not touched.
    let remove = goal.removes(error.is_some(), session.options.keep);
    if remove && touched {
        let removed = down(session).await;
        error = error.or(removed.err());
    }
    if goal.leaves_ci_running() && !interrupt::asked() && stays_up(session) {
        note(session, ci_service::start(session).await);
    }
    let diagnosis = error.as_ref().map(|error| Diagnosis {
        cause: format!("{error:#}"),
        next: goal
            .next_command(interrupt::asked(), session.options.keep)
            .to_owned(),
    });
    let report = render::report(session, about, diagnosis);
    let whole =
        matches!(goal, Goal::Proof) && session.options.only.is_empty() && session.options.suite.is_empty();
    if goal.reports() {
        note(
            session,
            report.write(&session.run.path).context("write the report"),
        );
        note(
            session,
            Timings::load(&session.cache).learn(&report, whole, &session.cache),
        );
        match session.options.output {
            Output::Text => println!("\n{}", report.table()),
            Output::Json => println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default()),
        }
    }
    match &error {
        None if goal.reports() => {
            eprintln!("passed; report: {}", session.run.file(e2e_report::PAGE).display());
        }
        None => {}
        Some(error) => {
            eprintln!("error: {error:#}");
            if goal.reports() {
                eprintln!("report: {}", session.run.file(e2e_report::PAGE).display());
            }
            if session.run.diagnostics().exists() {
                eprintln!("diagnostics: {}", session.run.diagnostics().display());
            }
            eprintln!("logs: {}", session.run.logs().display());
            eprintln!(
                "next: {}",
                goal.next_command(interrupt::asked(), session.options.keep)
            );
        }
    }
    error.is_none()
}

async fn down(session: &Session) -> Result<()> {
    if !supply::engine::Engine::installed() {
        session
            .progress
            .say("nothing was there: this machine has no container engine");
        return Ok(());
    }
    session.find_engine()?;
    let engine = session.engine.get().context("an engine was just found")?;
    let step = async |step: &_| {
        let removed = teardown::remove(&session.run, engine, &session.cache, step).await?;
        State::forget(&session.cache)?;
        Ok(removed)
    };
    let removed = session.progress.step(&plan::DOWN, step).await?;
    if removed.is_empty() {
        session.progress.say("nothing was there");
    } else {
        session.progress.say(&format!("removed {}", removed.join(", ")));
    }
    Ok(())
}

async fn save_diagnostics(session: &Session) -> Result<()> {
    let engine = session
        .engine
        .get()
        .context("no engine was found, so there is nothing to ask")?;
    session.progress.say("saving diagnostics");
    let folder = session.run.diagnostics();
    diagnose::collect(&session.run, engine, &session.kubectl(), &folder).await?;
    session
        .progress
        .say(&format!("diagnostics: {}", folder.display()));
    Ok(())
}

fn stays_up(session: &Session) -> bool {
    let state = State::load(&session.cache).ok().flatten();
    state.is_some_and(|state| state.up.is_some())
}

/// For failures that must not hide the one that came before.
fn note(session: &Session, outcome: Result<()>) {
    if let Err(error) = outcome {
        session.progress.say(&format!("note: {error:#}"));
    }
}
