//! Where pictures of the page are kept.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folder of this run: `BROWSER_RUN`, which `cargo xtask test` sets, or one for tests started by hand.
pub(crate) fn folder() -> Result<PathBuf> {
    let by_hand = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/browser/by-hand");
    let folder = env::var_os("BROWSER_RUN").map_or_else(by_hand, PathBuf::from);
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    Ok(folder)
}
