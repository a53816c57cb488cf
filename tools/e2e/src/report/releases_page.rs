//! The page of the releases at the end of a run, as `cargo xtask releases` makes it: what each
//! environment has, and what waits for what.

use std::time::Duration;

use anyhow::{Context, Result};
use e2e_report::RELEASES;
use xshell::Shell;

use crate::ci::{project, release_verb};
use crate::host::process::Tool;
use crate::run::Testbed;

const MADE: Duration = Duration::from_mins(1);

/// Writes it beside the report of the run, which links to it.
pub(crate) async fn write(testbed: &Testbed) -> Result<()> {
    let (harness, checkout) = (&testbed.harness, testbed.application());
    checkout.catch_up().await?;
    let page = harness.run.file(RELEASES).display().to_string();
    let project = project(harness, &testbed.world);
    let shell = Shell::new().context("open a shell")?;
    let verb = release_verb(
        &shell,
        &project,
        checkout.folder(),
        &["releases", "--html", &page],
    )?;
    let verb = verb.envs(&project.machine);
    let said = Tool::new(verb, &harness.run.log("releases"), MADE).read().await;
    said.map(drop).context("write the page of the releases")
}
