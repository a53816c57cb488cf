//! One command at a time changes the files of a checkout.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// What a command that was killed may have started has the lock too, until it is another program:
/// for a moment, which is longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps other commands out of the checkout at `root` until the returned file is dropped, also by a
/// kill; an error if one is at work. It leaves nothing behind, since the folder itself is locked.
pub fn alone(root: &Path) -> Result<File> {
    let folder = File::open(root).with_context(|| format!("open {}", root.display()))?;
    let begun = Instant::now();
    loop {
        match folder.try_lock() {
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => sleep(PAUSE),
            Err(TryLockError::WouldBlock) => bail!(
                "another command is changing the files of {}; wait until it has ended, and run this again; nothing was changed",
                root.display()
            ),
            // Some file systems of a network lock no folders: there a person has to take care.
            Err(TryLockError::Error(_)) | Ok(()) => return Ok(folder),
        }
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
        let ends = std::thread::spawn(move || {
            sleep(PATIENCE / 4);
            drop(first);
        });
        alone(folder.path()).unwrap();
        ends.join().unwrap();
    }
}
