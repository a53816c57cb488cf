//! Folders for what is written next, one of which a run that was cut off may have left.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Where new texts lie until each takes its file's place; next to them, so that this is one step of
/// the file system.
pub(super) const STAGING: &str = ".fork-";

/// A run that was cut off leaves its folder.
pub(super) fn remove_staged(root: &Path, folder: &Path) -> Result<()> {
    let list = || format!("list {}", folder.display());
    for entry in fs::read_dir(root.join(folder)).with_context(list)? {
        let entry = entry.with_context(list)?;
        if entry.file_name().to_string_lossy().starts_with(STAGING) {
            fs::remove_dir_all(entry.path()).with_context(|| format!("remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}
