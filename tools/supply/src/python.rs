//! Installs programs of the Python package index into a folder of their own, which no other Python
//! on this machine sees.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};

use crate::key::Key;
use crate::workshop::{Workshop, minutes};

/// As `3.13`, the Python that is on the search path, which is asked once; empty where none is, as
/// before it is installed.
fn interpreter() -> &'static str {
    static FOUND: OnceLock<String> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return found;
    }
    let version = "import sys; print('%d.%d' % sys.version_info[:2])";
    let answer = Shell::new().and_then(|sh| cmd!(sh, "python3 -c {version}").quiet().ignore_stderr().read());
    answer.map_or("", |found| FOUND.get_or_init(|| found).as_str())
}

/// Packages that are installed together.
#[derive(Debug, Clone)]
pub(crate) struct PythonPackages {
    /// Names the folder, and the log.
    pub(crate) name: &'static str,
    /// Each with its version, as `name==1.2.3`. What they depend on is as new as these allow.
    pub(crate) packages: Vec<String>,
}

impl PythonPackages {
    /// Where they lie once they are installed for the Python of this machine.
    pub(crate) fn folder(&self, shop: Workshop<'_>) -> PathBuf {
        let key = self.key(interpreter());
        shop.cache.files().join(format!("{}-{key}", self.name))
    }

    /// Another Python could not load the compiled parts, and has other versions of what the
    /// packages depend on.
    fn key(&self, interpreter: &str) -> Key {
        Key::of([format!("{self:?}").as_bytes(), interpreter.as_bytes()])
    }

    /// Installs the packages, or finds them in the cache, and gives their folder: modules in it,
    /// programs in its `bin`. A program written in Python needs the folder as `PYTHONPATH`.
    pub(crate) fn install(&self, shop: Workshop<'_>) -> Result<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_python_has_packages_of_its_own() {
        let packages = PythonPackages {
            name: "linters",
            packages: vec!["yamllint==1.0.0".to_owned()],
        };
        assert_eq!(packages.key("3.13"), packages.key("3.13"));
        assert_ne!(packages.key("3.13"), packages.key("3.14"));
        let is_number = |part: &str| part.parse::<u32>().is_ok();
        let parts = interpreter().split_once('.');
        assert!(
            parts.is_none_or(|(major, minor)| is_number(major) && is_number(minor)),
            "{}",
            interpreter()
        );
    }
}
