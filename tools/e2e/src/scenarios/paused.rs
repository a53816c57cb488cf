//! Containers that take connections and answer none.

use std::time::Duration;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::host::process::Tool;
use crate::run::Harness;
use crate::scenarios::undo::Undo;

const CALL: Duration = Duration::from_secs(20);

/// Paused ones, until this is ended or dropped.
pub(super) struct Paused<'a> {
    harness: &'a Harness,
    names: Vec<String>,
    undo: Undo,
}

impl<'a> Paused<'a> {
    /// Pauses those of these names.
    pub(super) async fn containers(harness: &'a Harness, names: Vec<String>) -> Result<Self> {
        let shell = Shell::new().context("open a shell")?;
        let words = ["unpause".to_owned()].into_iter().chain(names.iter().cloned());
        let undo = Undo::by([harness.engine.command(&shell, words)]);
        call(harness, "pause", &names).await?;
        Ok(Self { harness, names, undo })
    }

    /// Lets them go on.
    pub(super) async fn end(self) -> Result<()> {
        call(self.harness, "unpause", &self.names).await?;
        self.undo.done();
        Ok(())
    }
}

async fn call(harness: &Harness, verb: &str, names: &[String]) -> Result<()> {
    let words = [verb].into_iter().chain(names.iter().map(String::as_str));
    let call = Tool::of_engine(&harness.engine, words, &harness.run.log("paused"), CALL)?;
    let what = || format!("{verb} {}", names.join(", "));
    call.run().await.with_context(what)
}
