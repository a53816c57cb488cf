//! kubectl, of the Kubernetes that is compiled for the nodes.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::recipe::{FilesRecipe, to_json};
use crate::recipes::node::kubernetes;
use crate::workshop::Workshop;

pub(crate) const KUBECTL: FilesRecipe = FilesRecipe {
    make: |shop| to_json(build(shop)?),
    // Where it lies is known only to what builds it; one that is not built yet has no folder.
    folders: |shop| {
        let there = build(Workshop {
            look_only: true,
            ..shop
        });
        let folder = there.ok().and_then(|path| path.parent().map(Path::to_owned));
        Ok(folder.into_iter().collect())
    },
    always: false,
};

/// The path of kubectl.
pub(crate) fn build(shop: Workshop<'_>) -> Result<PathBuf> {
    let version = shop.versions.get("tools", "kubectl")?;
    Ok(kubernetes(shop, version, &[("kubectl", "k8s.io/kubernetes/cmd/kubectl")])?.join("kubectl"))
}
