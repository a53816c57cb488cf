//! What follows the last step: diagnostics are saved, and what was brought up is removed.

use anyhow::{Context as _, Result};
use supply::engine::Engine;
use taskkit::removal::remove_folder;

use crate::run::{Session, Step, diagnose, run_dir::RunDir, saved_state::State, teardown};

pub(super) const DOWN: Step = Step::new("down", "remove it all", 120);

/// Removes whatever is up, and forgets it.
pub(super) async fn remove(session: &Session) -> Result<()> {
    if State::engine(&session.cache).is_none() && !Engine::installed() {
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
    let removed = session.progress.step(&DOWN, step).await?;
    if removed.is_empty() {
        session.progress.say("nothing was there");
    } else {
        session.progress.say(&format!("removed {}", removed.join(", ")));
    }
    Ok(())
}

/// Removes what an earlier command has saved; from now on there is something new to tell of.
pub(super) fn forget_diagnostics(run: &RunDir) -> Result<()> {
    remove_folder(&run.diagnostics())
}

/// Saves state and logs in place of those that an earlier command has saved.
pub(super) async fn replace_diagnostics(session: &Session) -> Result<()> {
    forget_diagnostics(&session.run)?;
    save_diagnostics(session).await
}

/// Saves state and logs of what is up.
pub(super) async fn save_diagnostics(session: &Session) -> Result<()> {
    let engine = session
        .engine
        .get()
        .context("no engine was found, so there is nothing to ask")?;
    session.progress.say("saving diagnostics");
    let folder = session.run.diagnostics();
    let saved = diagnose::collect(&session.run, engine, &session.kubectl(), &folder).await;
    session.has_saved();
    saved?;
    session
        .progress
        .say(&format!("diagnostics: {}", folder.display()));
    Ok(())
}
