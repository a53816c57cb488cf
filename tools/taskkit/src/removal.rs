//! Removes what may not be there any more: a killed run, or another one, may have done it already.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Removes a folder with all that is in it, if it is there.
///
/// # Errors
///
/// It is there and cannot be removed, or is no folder.
pub fn remove_folder(folder: &Path) -> Result<()> {
    removed(fs::remove_dir_all(folder), folder)
}

/// Removes a file, if it is there.
///
/// # Errors
///
/// It is there and cannot be removed, or is no file.
pub fn remove_file(file: &Path) -> Result<()> {
    removed(fs::remove_file(file), file)
}

fn removed(done: io::Result<()>, path: &Path) -> Result<()> {
    match done {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_goes_and_what_is_not_there_is_no_error() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("folder");
        let file = folder.join("file");
        fs::create_dir(&folder).unwrap();
        fs::write(&file, "").unwrap();
        remove_file(&file).unwrap();
        assert!(!file.exists());
        remove_file(&file).unwrap();
        fs::write(&file, "").unwrap();
        remove_folder(&folder).unwrap();
        assert!(!folder.exists());
        remove_folder(&folder).unwrap();
    }

    #[test]
    fn what_cannot_be_removed_is_named() {
        let place = tempfile::tempdir().unwrap();
        let error = remove_file(place.path()).expect_err("it is a folder");
        assert!(
            error.to_string().contains(&place.path().display().to_string()),
            "{error}"
        );
    }
}
