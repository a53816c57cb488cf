//! What lies in the cache: a listing for people, and the removal of what no recipe makes any more.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::cache::Cache;
use crate::engine::{Engine, Kind};
use crate::orchestrate::{build_tools, drop_scratch, forget_intermediates, node_name};
use crate::part::{Held, LABEL};
use crate::recipes::{PARTS, checks, pipelines};
use crate::run;
use crate::versions::Versions;
use crate::workshop::{Progress, Workshop, minutes};

/// One part as it is now.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name.
    pub name: &'static str,
    /// The upstream image.
    pub image: String,
    /// Hash of what its recipe would build.
    pub key: String,
    /// What the engine has.
    pub held: Held,
}

/// Every part, in the order of [`PARTS`].
pub fn list(cache: &Cache, engine: &Engine, progress: &dyn Progress, logs: &Path) -> Result<Vec<Item>> {
    let versions = Versions::load()?;
    let shop = Workshop::new(cache, engine, &versions, progress, logs);
    PARTS
        .iter()
        .map(|part| {
            let (image, key) = (part.image(&versions)?.to_owned(), part.key(&versions).to_string());
            Ok(Item {
                name: part.name,
                image,
                key,
                held: part.held(shop)?,
            })
        })
        .collect()
}

/// Removes scratch space, binaries that are already in an image, and images of older recipes. The caller holds the lock.
pub fn prune(cache: &Cache, engine: &Engine, progress: &dyn Progress, logs: &Path) -> Result<()> {
    let versions = Versions::load()?;
    let shop = Workshop::new(cache, engine, &versions, progress, logs);
    let tools = build_tools(shop)?;
    let kept: Vec<PathBuf> = [tools.kind, tools.kubectl, tools.kustomize]
        .iter()
        .filter_map(|tool| tool.parent().map(Path::to_owned))
        .chain(pipelines::folders(shop)?)
        .chain(checks::folders(shop)?)
        .collect();
    for folder in folders(&cache.binaries())?
        .into_iter()
        .filter(|folder| !kept.contains(folder))
    {
        progress.doing(&format!("remove {}", folder.display()));
        fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    let sh = Shell::new().context("open a shell")?;
    let keys: Vec<String> = PARTS.iter().map(|part| part.key(&versions).to_string()).collect();
    let ids = engine.command(
        &sh,
        [
            "image",
            "ls",
            "--all",
            "--quiet",
            "--no-trunc",
            "--filter",
            &format!("label={LABEL}"),
        ],
    );
    let ids = shop.read("prune", minutes(1), ids)?;
    for id in ids.lines() {
        let format = format!("{{{{index .Config.Labels \"{LABEL}\"}}}}");
        let key = shop.read(
            "prune",
            minutes(1),
            engine.command(&sh, ["image", "inspect", "--format", &format, id]),
        )?;
        if !keys.contains(&key) {
            progress.doing(&format!("remove image {id}"));
            // An image that a container still uses stays until that container is gone.
            let _ = shop.run("prune", minutes(2), engine.command(&sh, ["image", "rm", id]));
        }
    }
    if engine.kind() == Kind::Podman {
        // All of them are ours, and what a cluster or the forge uses stays.
        shop.run(
            "prune",
            minutes(2),
            engine.command(&sh, ["volume", "prune", "--force"]),
        )?;
    }
    drop_scratch(cache)?;
    // Without all parts there is no such image to keep.
    forget_intermediates(shop, &node_name(shop).unwrap_or_default())
}

/// The size of the whole cache in MB.
pub fn size_mb(cache: &Cache, logs: &Path) -> Result<u64> {
    let sh = Shell::new().context("open a shell")?;
    let root = cache.root();
    let text = run::read(
        cmd!(sh, "du --summarize --one-file-system --block-size=1000000 {root}"),
        &logs.join("size.log"),
        minutes(5),
    )?;
    text.split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .with_context(|| format!("read the size in `{text}`"))
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>> {
    if !parent.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(parent).with_context(|| format!("list {}", parent.display()))?;
    entries
        .map(|entry| {
            Ok(entry
                .with_context(|| format!("list {}", parent.display()))?
                .path())
        })
        .collect()
}
