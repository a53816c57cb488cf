//! What the tests in a browser use besides the browser itself.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};

use super::npm::Node;
use crate::recipe::{FilesRecipe, to_json};
use crate::workshop::{Workshop, minutes};

/// The script of axe-core.
pub(crate) const AXE_CORE: FilesRecipe = FilesRecipe {
    make: |shop| to_json(fetch(shop)?),
    folders: |shop| Ok(vec![folder(shop)?]),
    always: true,
};

fn folder(shop: Workshop<'_>) -> Result<PathBuf> {
    let version = shop.versions.get("browser", "axe-core")?;
    Ok(shop.cache.files().join(format!("axe-core-{version}")))
}

/// From the cache, or else by npm.
fn fetch(shop: Workshop<'_>) -> Result<PathBuf> {
    let folder = folder(shop)?;
    let script = folder.join("package/axe.min.js");
    if script.exists() {
        return Ok(script);
    }
    let version = shop.versions.get("browser", "axe-core")?;
    let package = format!("axe-core@{version}");
    ensure!(!shop.look_only, "{package} is not here yet");
    let node = Node::install(shop)?;
    let fresh = shop.scratch("npm/axe-core")?;
    let archive = node.pack(shop, &package, &fresh)?;
    let sh = Shell::new().context("open a shell")?;
    let unpack = cmd!(
        sh,
        "tar -xzf {archive} -C {fresh} package/axe.min.js package/LICENSE"
    );
    shop.run("npm-axe-core", minutes(1), unpack)?;
    fs::remove_file(&archive).with_context(|| format!("remove {}", archive.display()))?;
    fs::create_dir_all(shop.cache.files()).context("make the folder of kept files")?;
    fs::rename(&fresh, &folder).with_context(|| format!("keep {package} in {}", folder.display()))?;
    Ok(script)
}
