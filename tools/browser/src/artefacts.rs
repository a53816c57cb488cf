//! Where pictures of the page are kept.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// The folder of this run: `BROWSER_RUN`, which `cargo xtask test` sets, or one for tests started
/// by hand.
pub(crate) fn folder() -> Result<PathBuf> {
    let folder = match env::var_os("BROWSER_RUN") {
        Some(folder) => PathBuf::from(folder),
        None => dev::target_dir()?.join("browser/by-hand"),
    };
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    Ok(folder)
}
