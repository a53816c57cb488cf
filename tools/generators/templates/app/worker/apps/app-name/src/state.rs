//! What the bot knows from one round to the next, also across releases: one file on its volume.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// New fields need a default: the file was written by an earlier release.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// Rounds that ended, of all releases.
    pub(crate) rounds: u64,
    /// What a later release has kept beside these: it finds it again after a rollback to this one.
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

impl State {
    /// Where it is kept.
    pub(crate) fn file(folder: &Path) -> PathBuf {
        folder.join("state.json")
    }

    /// What an earlier round kept; at first, nothing.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let file = Self::file(folder);
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            text => text.with_context(|| format!("read {}", file.display()))?,
        };
        serde_json::from_str(&text).with_context(|| format!("read {}", file.display()))
    }

    /// Keeps it, whole or not at all.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        let (file, unfinished) = (Self::file(folder), folder.join("state.json.unfinished"));
        let text = serde_json::to_string(self).context("write the state as JSON")?;
        fs::write(&unfinished, text)
            .and_then(|()| fs::rename(&unfinished, &file))
            .with_context(|| format!("write {}", file.display()))
    }
}

/// Keeps every other process from the state in this folder, until the file is dropped, also by a
/// kill; none while another one does.
pub(crate) fn lock(folder: &Path) -> Result<Option<File>> {
    let path = folder.join("lock");
    // A file system of a network locks only what can be written.
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("lock {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_state_and_the_next_when_that_one_ends() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        assert!(first.is_some() && lock(folder.path()).unwrap().is_none());
        drop(first);
        assert!(lock(folder.path()).unwrap().is_some());
    }

    #[test]
    fn what_is_kept_comes_back_and_at_first_there_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(State::load(folder.path()).unwrap(), State::default());
        let state = State {
            rounds: 3,
            ..State::default()
        };
        state.save(folder.path()).unwrap();
        assert_eq!(State::load(folder.path()).unwrap(), state);
    }

    #[test]
    fn a_file_of_another_release_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let later = r#"{"rounds":3,"later":{"kept":1}}"#;
        fs::write(State::file(folder.path()), later).unwrap();
        let state = State::load(folder.path()).unwrap();
        assert_eq!(state.rounds, 3);
        state.save(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(State::file(folder.path())).unwrap(), later);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(State::file(folder.path()), "{").unwrap();
        let error = State::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("state.json"), "{error}");
    }
}
