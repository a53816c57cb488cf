//! The files that the verbs leave in the checkout, for people, CI systems and the next verb.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};

/// In the checkout, not in `CARGO_TARGET_DIR`: that may be shared by runs of different commits.
pub(super) const FOLDER: &str = "target/ci";

/// Writes a file, and makes the folder that it lies in.
pub(super) fn write(file: &Path, content: &str) -> Result<()> {
    file.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(file, content))
        .with_context(|| format!("write {}", file.display()))
}

/// Removes what an earlier run left in `folder`: the cache of a CI system brings it back, and it
/// would pass for this run's.
pub(super) fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_run_left_is_gone_and_a_file_needs_no_folder() {
        let target = tempfile::tempdir().unwrap();
        let folder = target.path().join("ci");
        clear(&folder).unwrap();
        let file = folder.join("reports/push.xml");
        write(&file, "earlier").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "earlier");
        clear(&folder).unwrap();
        assert!(!folder.exists());
    }
}
