//! `project.toml` as a command would leave it.

use anyhow::{Result, anyhow, ensure};
use project::{FILE as PROJECT, Project};

/// An error unless this would be a good file of the project.
pub(crate) fn check(text: &str) -> Result<()> {
    read(text).map(drop)
}

/// An error if `project.toml` would still name the app or environment: then nothing is removed.
pub(crate) fn check_gone(text: &str, name: &str) -> Result<()> {
    let project = read(text)?;
    ensure!(
        project.app(name).is_err() && project.environment(name).is_err(),
        "{PROJECT} names {name} otherwise than this command understands; write its entry as the others are, with `name = \"{name}\"` \
         on a line; nothing was changed"
    );
    Ok(())
}

fn read(text: &str) -> Result<Project> {
    Project::of_text(text).map_err(|error| anyhow!("{error}"))
}
