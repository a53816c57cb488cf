//! The styles and scripts of Gitea's pages, which its Go module has as sources only. The image does
//! without them: only a person needs them, and is given them where the image was built here.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use super::npm::{Node, node};
use crate::go::GoModule;
use crate::image::copy_tree;
use crate::key::Key;
use crate::recipe::{FilesRecipe, to_json};
use crate::versions::Versions;
use crate::workshop::{Workshop, minutes};

pub(crate) const FORGE_PAGES: FilesRecipe = FilesRecipe {
    make: |shop| to_json(build(shop)?),
    folders: |shop| Ok(vec![folder(shop)?, node(shop.versions)?.folder(shop)]),
    always: false,
};

/// What the packages are installed by, as `packageManager` of Gitea's `package.json` says.
fn manager(versions: &Versions) -> Result<String> {
    Ok(format!("pnpm@{}", versions.get("forge-pages", "pnpm")?))
}

fn folder(shop: Workshop<'_>) -> Result<PathBuf> {
    let pins = [
        shop.versions.get("forge", "gitea")?,
        shop.versions.get("pipelines", "node")?,
        &manager(shop.versions)?,
    ];
    let key = Key::of(pins.map(str::as_bytes));
    Ok(shop.cache.files().join(format!("forge-pages-{key}")))
}

/// The folder that takes the place of the image's `public/assets`.
pub(crate) fn build(shop: Workshop<'_>) -> Result<PathBuf> {
    let folder = folder(shop)?;
    if folder.is_dir() {
        return Ok(folder);
    }
    ensure!(!shop.look_only, "the pages of the forge are not here yet");
    let Node { program, npm } = Node::install(shop)?;
    let gitea = GoModule {
        module: "code.gitea.io/gitea",
        version: shop.versions.get("forge", "gitea")?,
        ..GoModule::default()
    };
    let source = gitea.source(shop)?;
    let manager = manager(shop.versions)?;
    let package = fs::read(source.join("package.json")).context("read Gitea's package.json")?;
    let package: Value = serde_json::from_slice(&package).context("understand Gitea's package.json")?;
    ensure!(
        package["packageManager"] == manager.as_str(),
        "Gitea asks for {}; make it so in [forge-pages] of tools/supply/versions.toml",
        package["packageManager"]
    );
    shop.progress.doing("install what Gitea's pages are made with");
    let sh = Shell::new().context("open a shell")?;
    let scratch = shop.scratch("forge-pages")?;
    let (pages, tools) = (scratch.join("gitea"), scratch.join("tools"));
    copy_tree(&source, &pages)?;
    let install = cmd!(
        sh,
        "{program} {npm} install --silent --no-audit --ignore-scripts --prefix {tools} {manager}"
    );
    shop.run("forge-pages", minutes(5), install)?;
    sh.change_dir(&pages);
    let (pnpm, store) = (
        tools.join("node_modules/pnpm/bin/pnpm.mjs"),
        scratch.join("store"),
    );
    // By Gitea's own lock file; no script of a package runs.
    let install = cmd!(
        sh,
        "{program} {pnpm} install --prod --frozen-lockfile --ignore-scripts --store-dir {store}"
    );
    shop.run("forge-pages", minutes(10), install)?;
    shop.progress.doing("compile Gitea's pages");
    let build = cmd!(sh, "{program} node_modules/vite/bin/vite.js build");
    shop.run("forge-pages", minutes(10), build)?;
    fs::create_dir_all(shop.cache.files()).context("make the folder of kept files")?;
    let made = pages.join("public/assets");
    fs::rename(&made, &folder).with_context(|| format!("keep {} in {}", made.display(), folder.display()))?;
    fs::remove_dir_all(&scratch).with_context(|| format!("remove {}", scratch.display()))?;
    Ok(folder)
}
