//! Programs of this repository that a run needs on this machine, compiled from what it has.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::host::process::Tool;
use crate::run::{Harness, StepHandle};

const COMPILED: Duration = Duration::from_mins(20);

/// Compiles the program of a package that has its name; what is compiled already costs a moment.
pub(crate) async fn program(harness: &Harness, step: &StepHandle, package: &str) -> Result<PathBuf> {
    step.doing(&format!("compile {package}"));
    let shell = Shell::new().context("open a shell")?;
    shell.change_dir(&harness.run.repo);
    let log = harness.run.log(&format!("{package}-build"));
    let build = taskkit::program::build(&shell, package);
    let said = Tool::new(build, &log, COMPILED).quiet().read();
    let said = said.await.with_context(|| format!("compile {package}"))?;
    taskkit::program::built(&said, package)
}
