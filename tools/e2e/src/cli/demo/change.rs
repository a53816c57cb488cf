//! A change to the page, pushed to the forge as a person would.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::{FILE, title};
use crate::environment::Environment;
use crate::git::checkout::Checkout;
use crate::run::{Session, StepHandle};
use crate::world::World;

/// What was pushed.
pub(super) struct Change {
    pub(super) commit: String,
    pub(super) pushed: Instant,
    /// What the page says from now on, and what it said before.
    pub(super) title: String,
    before: String,
    /// The clone that it was made in.
    pub(super) folder: PathBuf,
    /// Where the forge shows it.
    address: String,
}

impl Change {
    pub(super) async fn push(session: &Session, world: &World, step: &StepHandle) -> Result<Self> {
        let (forge, home) = (&world.forge, world.layout.application());
        step.doing("clone what the forge has");
        let folder = session.run.empty("demo")?;
        let clone = Checkout::clone_of(&home.remote(&forge.host_url), &folder, &forge.token).await?;
        let source = fs::read_to_string(folder.join(FILE)).with_context(|| format!("read {FILE}"))?;
        let (before, title) =
            title::next(&source).with_context(|| format!("find what to change in {FILE}"))?;
        let message = format!("Call the form “{title}”");
        let commit = clone
            .commit_edit(&message, |folder| {
                let changed = title::replaced(&source, &before, &title);
                fs::write(folder.join(FILE), changed).with_context(|| format!("write {FILE}"))
            })
            .await?;
        step.doing("push it");
        let pushed = Instant::now();
        clone.push(Environment::first().branch()).await?;
        Ok(Self {
            address: format!("{}/{}/commit/{commit}", forge.host_url, home.path()),
            commit,
            pushed,
            title,
            before,
            folder,
        })
    }

    /// What a person reads of it.
    pub(super) fn lines(&self) -> [String; 4] {
        let branch = Environment::first().branch();
        [
            format!("    pushed to `{branch}`: {}", self.address),
            format!("    {FILE}"),
            format!("    - {}", title::line(&self.before)),
            format!("    + {}", title::line(&self.title)),
        ]
    }
}
