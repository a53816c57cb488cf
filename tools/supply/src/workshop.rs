//! What every recipe works with: the cache, the engine, the versions, and one way to run a command.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use taskkit::missing::Missing;
use taskkit::removal::remove_folder;
use xshell::Cmd;

use crate::cache::Cache;
use crate::engine::Engine;
use crate::run;
use crate::versions::Versions;
use crate::work::{Made, Notes};

/// Shown on the line of the step that is under way.
pub trait Progress: Sync {
    /// Replaces what is shown now.
    fn doing(&self, what: &str);

    /// A part is there, or is not to be had.
    fn made(&self, _part: &Made) {}
}

/// What a command of a person works with, whatever is got for it.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    /// Where results and scratch space lie.
    pub cache: &'a Cache,
    /// What is done about what this machine lacks.
    pub missing: Missing,
    /// Told what is going on.
    pub progress: &'a dyn Progress,
    /// Folder of the log files.
    pub logs: &'a Path,
}

/// The same without a cache, for what keeps nothing.
#[derive(Clone, Copy)]
pub struct Uncached<'a> {
    /// What is done about what this machine lacks.
    pub missing: Missing,
    /// Told what is going on.
    pub progress: &'a dyn Progress,
    /// Folder of the log files.
    pub logs: &'a Path,
}

impl<'a> Uncached<'a> {
    /// The session that has this cache.
    pub fn with(self, cache: &'a Cache) -> Session<'a> {
        let Self {
            missing,
            progress,
            logs,
        } = self;
        Session {
            cache,
            missing,
            progress,
            logs,
        }
    }
}

impl<'a> From<Session<'a>> for Uncached<'a> {
    fn from(session: Session<'a>) -> Self {
        let Session {
            missing,
            progress,
            logs,
            ..
        } = session;
        Self {
            missing,
            progress,
            logs,
        }
    }
}

/// The surroundings of a build.
#[derive(Clone, Copy)]
pub struct Workshop<'a> {
    /// Where results and scratch space lie.
    pub cache: &'a Cache,
    /// Builds and holds images; the programs of the host do without.
    pub engine: Option<&'a Engine>,
    /// The pins.
    pub versions: &'a Versions,
    /// What is done about what this machine lacks for it.
    pub missing: Missing,
    /// Told what is going on.
    pub progress: &'a dyn Progress,
    /// Folder of the log files.
    pub logs: &'a Path,
    /// What is not there yet is an error instead of work.
    pub look_only: bool,
    /// Where commands are noted, while a part is made.
    pub notes: Option<&'a Notes>,
}

impl<'a> Workshop<'a> {
    /// One that has an engine and makes what is not there yet.
    pub fn new(session: Session<'a>, engine: &'a Engine, versions: &'a Versions) -> Self {
        Self {
            engine: Some(engine),
            ..Self::without_engine(session, versions)
        }
    }

    /// The same for what needs no engine.
    pub(crate) fn without_engine(session: Session<'a>, versions: &'a Versions) -> Self {
        let Session {
            cache,
            missing,
            progress,
            logs,
        } = session;
        Self {
            cache,
            engine: None,
            versions,
            missing,
            progress,
            logs,
            look_only: false,
            notes: None,
        }
    }

    /// What it was opened with.
    pub(crate) fn session(&self) -> Session<'a> {
        Session {
            cache: self.cache,
            missing: self.missing,
            progress: self.progress,
            logs: self.logs,
        }
    }

    /// The engine, for those who cannot do without.
    pub fn engine(&self) -> Result<&'a Engine> {
        self.engine
            .context("this step needs a container engine, but none was looked for")
    }

    /// Runs `cmd` with its output in `<logs>/<log>.log`.
    pub fn run(&self, log: &str, deadline: Duration, cmd: Cmd<'_>) -> Result<()> {
        run::logged_and_noted(cmd, &self.log(log), deadline, self.notes)
    }

    /// Like [`Self::run`], but gives what the command prints to stdout.
    pub fn read(&self, log: &str, deadline: Duration, cmd: Cmd<'_>) -> Result<String> {
        run::read_and_noted(cmd, &self.log(log), deadline, self.notes)
    }

    /// An empty scratch folder of this name, dropped with all others when the builds are done.
    pub fn scratch(&self, name: &str) -> Result<PathBuf> {
        let folder = self.cache.build().join(name);
        remove_folder(&folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        Ok(folder)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }
}

pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}
