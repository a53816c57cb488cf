//! What a stack is made of: two binaries and a folder for the browser.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Where the compiled application lies.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The backend's binary.
    pub backend: PathBuf,
    /// The frontend's binary.
    pub frontend: PathBuf,
    /// The frontend's `SITE_DIR`.
    pub site: PathBuf,
}

impl Programs {
    /// What `cargo xtask build --dev` made in this checkout.
    pub fn of_dev_build() -> Result<Self> {
        let built = target_dir()?.join("dev");
        let programs = Self {
            backend: built.join("bin/backend"),
            frontend: built.join("bin/frontend"),
            site: built.join("site"),
        };
        for path in [&programs.backend, &programs.frontend, &programs.site] {
            if !path.exists() {
                bail!("{} is not there; run: cargo xtask build --dev", path.display());
            }
        }
        Ok(programs)
    }
}

/// The folder that cargo builds this checkout into, in cargo's own words: a variable or a
/// configuration file may name it.
pub fn target_dir() -> Result<PathBuf> {
    let asked = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .context("start cargo, to ask which folder it builds into")?;
    if !asked.status.success() {
        bail!(
            "cargo does not say which folder it builds into: {}",
            String::from_utf8_lossy(&asked.stderr)
        );
    }
    let metadata: Value = serde_json::from_slice(&asked.stdout).context("read cargo's metadata")?;
    let folder = metadata["target_directory"].as_str();
    folder
        .map(PathBuf::from)
        .context("cargo's metadata names no target_directory")
}

/// The root of the checkout this was built in.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}
