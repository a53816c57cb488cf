//! What lies in the cache: a listing for people, and the removal of what no recipe makes any more.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::engine::{Engine, Kind};
use crate::node_image::{forget_intermediates, node_name};
use crate::options::Options;
use crate::part::{Held, LABEL};
use crate::recipes::{self, images};
use crate::run;
use crate::versions::Versions;
use crate::workshop::{Session, Workshop, minutes};

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

/// Every image, in the order of [`crate::recipes::RECIPES`].
pub fn list(session: Session<'_>, engine: &Engine) -> Result<Vec<Item>> {
    let versions = Versions::load()?;
    let shop = Workshop::new(session, engine, &versions);
    images()
        .map(|each| {
            let part = &each.image.part;
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

/// Removes scratch space, binaries that are already in an image, and files and images of older
/// recipes; as long as nothing of the e2e is up, also what its CI compiled, and images of our own
/// engine that no recipe names. The caller holds the lock.
pub fn prune(session: Session<'_>, engine: &Engine) -> Result<()> {
    let Session { cache, progress, .. } = session;
    let versions = Versions::load()?;
    let shop = Workshop::new(session, engine, &versions);
    drop_binaries_of_images(shop)?;
    let kept = recipes::folders(shop)?;
    for folder in outdated(folders(&cache.files())?, &kept) {
        progress.doing(&format!("remove {}", folder.display()));
        fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    let sh = Shell::new().context("open a shell")?;
    let keys: Vec<String> = images()
        .map(|each| each.image.part.key(&versions).to_string())
        .collect();
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
    // Without all parts there is no such image to keep.
    let node = node_name(shop, &Options::default()).unwrap_or_default();
    if !cache.up().exists() {
        cache.drop_compiled()?;
        if engine.kind() == Kind::Podman {
            drop_unnamed_images(shop, &node)?;
        }
    }
    cache.drop_scratch()?;
    forget_intermediates(shop, &node)
}

/// Removes every image that is neither a part of this checkout nor `node`: of an engine that nobody
/// else uses, and whose images nobody needs.
fn drop_unnamed_images(shop: Workshop<'_>, node: &str) -> Result<()> {
    let parts = images().map(|each| each.image.part.image(shop.versions));
    let mut named = parts.collect::<Result<Vec<_>>>()?;
    named.push(node);
    let sh = Shell::new().context("open a shell")?;
    let engine = shop.engine()?;
    let list = engine.command(&sh, ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
    let list = shop.read("prune", minutes(1), list)?;
    for image in unnamed(&list, &named) {
        shop.progress.doing(&format!("remove image {image}"));
        // An image that a container still uses stays until that container is gone.
        let _ = shop.run("prune", minutes(2), engine.command(&sh, ["image", "rm", image]));
    }
    Ok(())
}

/// The images of a list that have a name, and none of these.
fn unnamed<'l>(list: &'l str, named: &[&str]) -> Vec<&'l str> {
    let images = list.lines().map(str::trim);
    images
        .filter(|image| !image.is_empty() && !image.contains("<none>") && !named.contains(image))
        .collect()
}

/// Removes the binaries that went into images and are used nowhere else: the images hold them, and
/// they are the largest part of the cache. A recipe that changes compiles its own again.
pub(crate) fn drop_binaries_of_images(shop: Workshop<'_>) -> Result<()> {
    let kept = recipes::folders(shop)?;
    for folder in folders(&shop.cache.binaries())?
        .into_iter()
        .filter(|folder| !kept.contains(folder))
    {
        shop.progress.doing(&format!("remove {}", folder.display()));
        fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    Ok(())
}

/// The size of the whole cache in MB.
pub fn size_mb(session: Session<'_>) -> Result<u64> {
    let sh = Shell::new().context("open a shell")?;
    let root = session.cache.root();
    let text = run::read(
        cmd!(sh, "du --summarize --one-file-system --block-size=1000000 {root}"),
        &session.logs.join("size.log"),
        minutes(5),
    )?;
    text.split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .with_context(|| format!("read the size in `{text}`"))
}

/// Those that a recipe named once, by what it is and a key, and none names now. What has no key is
/// somebody else's.
fn outdated(folders: Vec<PathBuf>, kept: &[PathBuf]) -> Vec<PathBuf> {
    let is_keyed = |folder: &Path| {
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let key = name.rsplit_once('-').map_or("", |(_, key)| key);
        key.len() == 16 && key.chars().all(|c| c.is_ascii_hexdigit())
    };
    folders
        .into_iter()
        .filter(|folder| is_keyed(folder) && !kept.contains(folder))
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_older_recipes_go_and_those_of_others_stay() {
        let path = |name: &str| Path::new("/cache/files").join(name);
        let there = [
            "cloud-0123456789abcdef",
            "cloud-fedcba9876543210",
            "axe-core-4.14.1",
        ]
        .map(path);
        let kept = [path("cloud-fedcba9876543210")];
        assert_eq!(outdated(there.to_vec(), &kept), [path("cloud-0123456789abcdef")]);
    }

    #[test]
    fn images_that_no_recipe_names_go() {
        let list = "docker.io/gitea/gitea:1.27.2\ndocker.io/gitea/gitea:1.27.3\n<none>:<none>\n\n";
        let named = ["docker.io/gitea/gitea:1.27.3", ""];
        assert_eq!(unnamed(list, &named), ["docker.io/gitea/gitea:1.27.2"]);
    }
}
