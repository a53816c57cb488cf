//! A copy of the templates and their parameters, for a test to spoil.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::tools;

/// A checkout that has `infra/aws` without its folders, and `project.toml`. Dropping it removes it.
#[derive(Debug)]
pub struct Checkout(TempDir);

impl Checkout {
    /// The files as they are.
    pub fn copy() -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder for a copy")?;
        let to = folder.path().join("infra/aws");
        fs::create_dir_all(&to).context("make infra/aws of a copy")?;
        for entry in fs::read_dir(tools::templates()).context("list infra/aws")? {
            let path = entry.context("list infra/aws")?.path();
            if let (true, Some(name)) = (path.is_file(), path.file_name()) {
                fs::copy(&path, to.join(name)).with_context(|| format!("copy {}", path.display()))?;
            }
        }
        let project = tools::root().join("project.toml");
        fs::copy(project, folder.path().join("project.toml")).context("copy project.toml")?;
        Ok(Self(folder))
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// Puts `new` in place of each `old` in a file, as `registry.yaml`; an error if there is none.
    pub fn edit(&self, name: &str, old: &str, new: &str) -> Result<()> {
        let path = self.root().join("infra/aws").join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("read {name}"))?;
        ensure!(text.contains(old), "{name} does not contain {old}");
        fs::write(&path, text.replace(old, new)).with_context(|| format!("write {name}"))
    }
}
