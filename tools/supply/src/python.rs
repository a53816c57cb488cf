//! Installs programs of the Python package index into a folder of their own, which no other Python
//! on this machine sees.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};

use crate::key::Key;
use crate::workshop::{Workshop, minutes};

/// Packages that are installed together.
#[derive(Debug, Clone)]
pub struct PythonPackages {
    /// Names the folder, and the log.
    pub name: &'static str,
    /// Each with its version, as `name==1.2.3`. What they depend on is as new as these allow.
    pub packages: Vec<String>,
}

impl PythonPackages {
    /// Where they lie once they are installed.
    pub fn folder(&self, shop: Workshop<'_>) -> PathBuf {
        let key = Key::of([format!("{self:?}").as_bytes()]);
        shop.cache.files().join(format!("{}-{key}", self.name))
    }

    /// Installs the packages, or finds them in the cache, and gives their folder: modules in it,
    /// programs in its `bin`. A program written in Python needs the folder as `PYTHONPATH`.
    pub fn install(&self, shop: Workshop<'_>) -> Result<PathBuf> {
        let folder = self.folder(shop);
        if folder.is_dir() {
            return Ok(folder);
        }
        ensure!(!shop.look_only, "{} is not installed yet", self.name);
        shop.progress
            .doing(&format!("install {}", self.packages.join(", ")));
        let sh = Shell::new().context("open a shell")?;
        let fresh = shop.scratch(&format!("python/{}", self.name))?;
        let packages = &self.packages;
        let install = cmd!(
            sh,
            "python3 -m pip install --quiet --no-cache-dir --root-user-action=ignore --target {fresh} {packages...}"
        );
        shop.run(&format!("python-{}", self.name), minutes(10), install)?;
        fs::create_dir_all(shop.cache.files()).context("make the folder of kept files")?;
        fs::rename(&fresh, &folder).with_context(|| format!("keep {} in {}", self.name, folder.display()))?;
        Ok(folder)
    }
}
