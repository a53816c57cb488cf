//! Where the figures of a measurement are kept: a page for people, and the same for programs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

/// Of the newest measurement, from the top of the repository.
pub(crate) const NEWEST: &str = "target/bench";
/// For docs/BENCHMARK.md.
pub(crate) const DOCS: &str = "docs/benchmark";

/// Writes both files into `folder`, and says which they are.
pub(crate) fn keep(folder: &Path, name: &str, page: &str, json: &str) -> Result<[PathBuf; 2]> {
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let files = ["md", "json"].map(|kind| folder.join(name).with_extension(kind));
    for (path, text) in files.iter().zip([page, json]) {
        fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(files)
}

/// Figures for programs, as text.
pub(crate) fn json(figures: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(figures).context("write JSON")?;
    Ok(text + "\n")
}
