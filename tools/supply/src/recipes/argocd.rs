//! Argo CD, the Redis it caches in, and the manifests that install both.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::debian::DebianRoot;
use crate::go::GoModule;
use crate::image::copy_tree;
use crate::key::Key;
use crate::part::Part;
use crate::recipes::tools::build_kustomize;
use crate::versions::Versions;
use crate::workshop::Workshop;

/// Same interface as upstream's image, without helm, git-lfs and the pages of the web interface.
pub const PART: Part = Part {
    name: "argocd",
    context: &[("Containerfile", include_str!("../../images/argocd/Containerfile"))],
    source: include_str!("argocd.rs"),
    prepare,
};

/// Debian's Redis, started like upstream's image.
pub const REDIS: Part = Part {
    name: "redis",
    context: &[("Containerfile", include_str!("../../images/redis/Containerfile"))],
    source: include_str!("argocd.rs"),
    prepare: prepare_redis,
};

const MODULE: &str = "github.com/argoproj/argo-cd/v3";
const MAIN: &str = "github.com/argoproj/argo-cd/v3/cmd";

const PACKAGES: &[&str] = &[
    "base-files",
    "ca-certificates",
    "coreutils",
    "dash",
    "git",
    "gpg",
    "gpg-agent",
    "netbase",
    "openssh-client",
    "sed",
    "tini",
    "tzdata",
];

/// What is kept of this page: the folder of [`manifests`].
pub(crate) fn kept(shop: Workshop<'_>) -> PathBuf {
    let key = Key::of([shop.versions.canonical("argocd").as_bytes()]);
    shop.cache.files().join(format!("argocd-{key}"))
}

/// A folder with `install.yaml` as released.
pub(crate) fn manifests(shop: Workshop<'_>) -> Result<PathBuf> {
    let folder = kept(shop);
    let kept = folder.join("install.yaml");
    if !kept.is_file() {
        let source = module(shop.versions, &[])?
            .source(shop)?
            .join("manifests/install.yaml");
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let fresh = folder.join("install.yaml.new");
        fs::copy(&source, &fresh).with_context(|| format!("copy {}", source.display()))?;
        fs::rename(&fresh, &kept).with_context(|| format!("keep {}", kept.display()))?;
    }
    Ok(folder)
}

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let version = shop.versions.get("argocd", "argocd")?;
    let number = version.trim_start_matches('v');
    let variables = [
        ("version", number),
        ("gitTag", version),
        ("gitTreeState", "clean"),
    ]
    .map(|(name, value)| format!("{MODULE}/common.{name}={value}"));
    let argocd = module(shop.versions, &variables)?;
    let bin = folder.join("bin");
    copy_tree(&argocd.build(shop)?, &bin)?;
    copy(&build_kustomize(shop)?, &bin.join("kustomize"))?;
    let source = argocd.source(shop)?;
    for script in [
        "entrypoint.sh",
        "hack/gpg-wrapper.sh",
        "hack/git-verify-wrapper.sh",
    ] {
        let from = source.join(script);
        let name = from.file_name().context("a script has a name")?;
        copy(&from, &bin.join(name))?;
    }
    DebianRoot {
        name: "argocd",
        packages: PACKAGES,
    }
    .extract(shop, &folder.join("root.tar"))
}

fn prepare_redis(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    DebianRoot {
        name: "redis",
        packages: &["base-files", "coreutils", "dash", "redis-server"],
    }
    .extract(shop, &folder.join("root.tar"))
}

fn module<'a>(versions: &'a Versions, variables: &'a [String]) -> Result<GoModule<'a>> {
    Ok(GoModule {
        module: MODULE,
        version: versions.get("argocd", "argocd")?,
        binaries: &[("argocd", MAIN)],
        variables,
        published: Some(versions.get("argocd", "gitops-engine")?),
        ..GoModule::default()
    })
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_gets_the_kustomize_of_the_host() {
        let versions = Versions::load().unwrap();
        let pin = |table| versions.get(table, "kustomize").unwrap();
        assert_eq!(pin("argocd"), pin("tools"));
    }

    #[test]
    fn the_manifests_are_those_that_clusters_elsewhere_install() {
        let versions = Versions::load().unwrap();
        let path = crate::recipes::root().join("infra/argocd/kustomization.yaml");
        let address = format!(
            "/argo-cd/{}/manifests/install.yaml",
            versions.get("argocd", "argocd").unwrap()
        );
        assert_eq!(
            fs::read_to_string(path).unwrap().matches(&address).count(),
            1,
            "{address}"
        );
    }
}
