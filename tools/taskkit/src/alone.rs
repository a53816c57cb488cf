//! One command at a time changes the files of a checkout.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Keeps other commands out of the checkout at `root` until the returned file is dropped, also by a
/// kill; an error if one is at work. It leaves nothing behind, since the folder itself is locked.
pub fn alone(root: &Path) -> Result<File> {
    let folder = File::open(root).with_context(|| format!("open {}", root.display()))?;
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => bail!(
            "another command is changing the files of {}; wait until it has ended, and run this again; nothing was changed",
            root.display()
        ),
        // Some file systems of a network lock no folders: there a person has to take care.
        Err(TryLockError::Error(_)) | Ok(()) => Ok(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_while_the_first_is_at_work() {
        let folder = tempfile::tempdir().unwrap();
        let first = alone(folder.path()).unwrap();
        let error = alone(folder.path()).unwrap_err().to_string();
        assert!(error.contains("wait until it has ended"), "{error}");
        drop(first);
        alone(folder.path()).unwrap();
    }
}
