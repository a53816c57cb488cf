//! The file that a child's output goes to, and its last lines for an error.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Opens a log to write at its end; its folder is made where it is not there.
pub fn open(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("open the log {}", path.display()))
}

/// The last `most` lines, indented; nothing of a log that cannot be read.
pub fn tail(path: &Path, most: usize) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines[lines.len().saturating_sub(most)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_tail_of_a_log_is_its_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/step.log");
        assert_eq!(tail(&path, 2), "");
        writeln!(open(&path).unwrap(), "one\ntwo").unwrap();
        writeln!(open(&path).unwrap(), "three").unwrap();
        assert_eq!(tail(&path, 2), "    two\n    three");
    }
}
