//! kube-router, of which the clusters use one thing: it enforces network policies.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::debian::DebianRoot;
use crate::go::GoModule;
use crate::image::copy_tree;
use crate::part::Part;
use crate::workshop::Workshop;

/// Same interface as upstream's image, without what its router and its proxy start.
pub const PART: Part = Part {
    name: "kube-router",
    context: &[(
        "Containerfile",
        include_str!("../../images/kube-router/Containerfile"),
    )],
    source: include_str!("kube_router.rs"),
    prepare,
};

const MODULE: &str = "github.com/cloudnativelabs/kube-router";

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let version = shop.versions.get(PART.name, "kube-router")?;
    let kube_router = GoModule {
        module: MODULE,
        version,
        binaries: &[(
            "kube-router",
            "github.com/cloudnativelabs/kube-router/cmd/kube-router",
        )],
        variables: &[format!("{MODULE}/pkg/version.Version={version}")],
        ..GoModule::default()
    };
    copy_tree(&kube_router.build(shop)?, &folder.join("bin"))?;
    DebianRoot {
        name: PART.name,
        packages: &["iptables", "ipset", "netbase"],
    }
    .extract(shop, &folder.join("root.tar"))?;
    let links = folder.join("links/usr/sbin");
    fs::create_dir_all(&links).with_context(|| format!("create {}", links.display()))?;
    // Debian sets these links in a maintainer script. The same tables as kube-proxy's, or neither
    // would see the other's rules.
    for command in ["iptables", "iptables-save", "iptables-restore"] {
        symlink("xtables-nft-multi", links.join(command)).with_context(|| format!("link {command}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::Versions;

    #[test]
    fn the_image_is_the_one_that_the_clusters_run() {
        let versions = Versions::load().unwrap();
        let image = PART.image(&versions).unwrap();
        assert!(image.ends_with(&format!(":{}", versions.get(PART.name, "kube-router").unwrap())));
        let path = crate::recipes::root().join("infra/local/kube-router.yaml");
        let manifest = fs::read_to_string(path).unwrap();
        assert_eq!(
            manifest.matches(&format!("image: {image}\n")).count(),
            1,
            "{image}"
        );
    }
}
