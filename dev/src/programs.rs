//! What a stack is made of: two binaries and a folder for the browser.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

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
        let target = root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
        let programs = Self {
            backend: target.join("debug/backend"),
            frontend: target.join("debug/frontend"),
            site: target.join("dev/site"),
        };
        for path in [&programs.backend, &programs.frontend, &programs.site] {
            if !path.exists() {
                bail!("{} is not there; run: cargo xtask build --dev", path.display());
            }
        }
        Ok(programs)
    }
}

/// The root of the checkout this was built in.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}
