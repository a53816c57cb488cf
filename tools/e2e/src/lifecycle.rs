//! The commands: which steps each runs, and what happens after the last one, whatever its outcome.

mod announce;

use std::{fs, io::ErrorKind, path::Path, process::ExitCode, sync::atomic::Ordering};

use anyhow::{Context, Result, bail};
use e2e_report::Diagnosis;
use supply::cache::{Cache, Lock};

use crate::{
    bring_up, ci_service,
    cli::{Command, Options, Output},
    diagnose,
    interrupt::{self, Interrupt},
    loop_bench, machine, plan,
    progress::Progress,
    render,
    run_dir::RunDir,
    runner,
    scenario::{self, Scenario},
    session::Session,
    state::{State, Timings},
    teardown,
};

/// Runs one command and gives the exit code of the process.
pub(crate) async fn run(command: Option<Command>, options: Options) -> ExitCode {
    let begun = begin(command.as_ref(), options).and_then(|begun| Ok((begun, Interrupt::listen()?)));
    let ((session, chosen, _lock), interrupt) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let about = render::About::now(&session).await;
    let _load = machine::watch(session.progress.recorder());
    let outcome = Box::pin(interrupt.bound(body(command.as_ref(), &session, &chosen))).await;
    if matches!(command, None | Some(Command::Run)) {
        runner::note_skipped(session.progress.recorder(), &chosen);
    }
    let passed = finish(command.as_ref(), &session, outcome, about).await;
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
fn begin(command: Option<&Command>, options: Options) -> Result<Begun> {
    let chosen = scenario::select(&options.only, &options.suite)?;
    let cache = Cache::locate()?;
    let lock = cache.lock()?;
    let state = State::load(&cache);
    let run = match (command, &state) {
        // What was brought up writes on in the folder of its run.
        (Some(Command::Run), Ok(Some(state))) => without_diagnostics(&state.run, &state.folder)?,
        (Some(Command::Logs), Ok(Some(state))) => RunDir::at(&state.run, &state.folder)?,
        (Some(Command::Run | Command::Logs), Ok(None)) => {
            bail!("nothing is up; run `cargo xtask e2e up` first")
        }
        (Some(Command::Bench(_)), Ok(Some(state))) if state.up.is_some() => {
            RunDir::at(&state.run, &state.folder)?
        }
        (Some(Command::Run | Command::Logs), Err(_)) => bail!("{:#}", state.err().context("just seen")?),
        _ => RunDir::create()?,
    };
    let options = match (command, state) {
        (Some(Command::Run), Ok(Some(State { up: Some(up), .. }))) => options.going_on(up.ci),
        _ => options,
    };
    let timings = Timings::load(&cache);
    let up: usize = plan::up(options.admission).iter().map(Vec::len).sum();
    // Doctor and supply come first in any case.
    let ground = 2;
    let steps = match command {
        None => up + chosen.len() + usize::from(!options.keep),
        Some(Command::Up) => up,
        Some(Command::Run) => ground + 1 + chosen.len(),
        Some(Command::Bench(_)) => ground + 2,
        Some(Command::Clusters) => ground + 3,
        _ => 1,
    };
    if matches!(command, None | Some(Command::Up)) {
        announce::announce(command.is_none(), &chosen, &cache, &timings, &options)?;
    }
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

async fn body(command: Option<&Command>, session: &Session, chosen: &[&'static Scenario]) -> Result<()> {
    match command {
        None => {
            let mut env = Box::pin(bring_up::up(session)).await?;
            runner::run(&session.progress, &mut env, chosen).await
        }
        Some(Command::Up) => Box::pin(bring_up::up(session))
            .await
            .map(|env| announce::say_where(session, &env)),
        Some(Command::Run) => {
            let mut env = bring_up::attach(session).await?;
            runner::run(&session.progress, &mut env, chosen).await
        }
        Some(Command::Bench(args)) => {
            let standing = State::load(&session.cache)?.is_some_and(|state| state.up.is_some());
            let env = if standing {
                bring_up::attach(session).await?
            } else {
                Box::pin(bring_up::up(session)).await?
            };
            loop_bench::run(session, &env, args).await
        }
        Some(Command::Down) => down(session).await,
        Some(Command::Logs) => {
            session.find_engine()?;
            save_diagnostics(session).await
        }
        Some(Command::Clusters) => bring_up::clusters(session).await,
        Some(
            Command::Report { .. }
            | Command::Failures { .. }
            | Command::CrashTest(_)
            | Command::CiService
            | Command::StartContainers,
        ) => {
            unreachable!("handled before anything is begun")
        }
    }
}

/// Diagnostics, removal, report; true if all went well.
async fn finish(
    command: Option<&Command>,
    session: &Session,
    outcome: Result<()>,
    about: render::About,
) -> bool {
    let scenarios = matches!(command, None | Some(Command::Run | Command::Up));
    let mut error = outcome.err();
    let touched = session.touched.load(Ordering::SeqCst) || matches!(command, Some(Command::Run));
    // A scenario that failed has saved them, as it left things.
    let saved = session.run.diagnostics().exists();
    if scenarios && error.is_some() && touched && session.engine.get().is_some() && !saved {
        note(session, save_diagnostics(session).await);
    }
    let remove = match command {
        // What stood before is not removed: it was not touched.
        None | Some(Command::Bench(_)) => !session.options.keep,
        Some(Command::Up) => error.is_some() && !session.options.keep,
        _ => false,
    };
    if remove && touched {
        let removed = down(session).await;
        error = error.or(removed.err());
    }
    if (scenarios || matches!(command, Some(Command::Bench(_)))) && !interrupt::asked() && stays_up(session) {
        note(session, ci_service::start(session).await);
    }
    let diagnosis = error.as_ref().map(|error| Diagnosis {
        cause: format!("{error:#}"),
        next: next_command(command, session.options.keep).to_owned(),
    });
    let report = render::report(session, about, diagnosis);
    let whole = command.is_none() && session.options.only.is_empty() && session.options.suite.is_empty();
    if scenarios {
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
        None if scenarios => eprintln!("passed; report: {}", session.run.file(e2e_report::PAGE).display()),
        None => {}
        Some(error) => {
            eprintln!("error: {error:#}");
            if scenarios {
                eprintln!("report: {}", session.run.file(e2e_report::PAGE).display());
            }
            if session.run.diagnostics().exists() {
                eprintln!("diagnostics: {}", session.run.diagnostics().display());
            }
            eprintln!("logs: {}", session.run.logs().display());
            eprintln!("next: {}", next_command(command, session.options.keep));
        }
    }
    error.is_none()
}

fn next_command(command: Option<&Command>, kept: bool) -> &'static str {
    match command {
        _ if interrupt::asked() && !kept => "the same command again; what was built until now is kept",
        Some(Command::Down) => "`cargo xtask e2e down` once more",
        Some(Command::Run | Command::Logs) => {
            "`cargo xtask e2e run` once the cause is gone, or `cargo xtask e2e down`"
        }
        _ if kept => "look around, then `cargo xtask e2e down`",
        _ => "`cargo xtask e2e --keep`, to look around where it fails",
    }
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
