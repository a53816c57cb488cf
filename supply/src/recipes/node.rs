//! The kind node image: Kubernetes, containerd, etcd, `CoreDNS` and pause on Debian.

use std::path::Path;

use anyhow::Result;

use crate::part::Part;
use crate::workshop::Workshop;

/// Same interface as upstream's `kindest/node`.
pub const PART: Part = Part {
    name: "node",
    context: &[("Containerfile", include_str!("../../images/node/Containerfile"))],
    source: include_str!("node.rs"),
    prepare,
};

fn prepare(_shop: Workshop<'_>, _folder: &Path) -> Result<()> {
    Ok(())
}
