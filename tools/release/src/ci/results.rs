//! The files that the verbs leave in the checkout, for people, CI systems and the next verb.

use std::fs;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_no_folder() {
        let target = tempfile::tempdir().unwrap();
        let file = target.path().join("ci/reports/push.xml");
        write(&file, "earlier").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "earlier");
    }
}
