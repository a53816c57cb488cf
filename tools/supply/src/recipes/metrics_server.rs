//! metrics-server, which measures what pods use: autoscalers go by it.

use std::path::Path;

use anyhow::Result;

use crate::go::GoModule;
use crate::part::Part;
use crate::workshop::Workshop;

/// Same interface as upstream's image.
pub const PART: Part = Part {
    name: "metrics-server",
    context: &[(
        "Containerfile",
        include_str!("../../images/metrics-server/Containerfile"),
    )],
    source: include_str!("metrics_server.rs"),
    prepare,
};

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let version = shop.versions.get(PART.name, PART.name)?;
    let module = GoModule {
        module: "sigs.k8s.io/metrics-server",
        version,
        binaries: &[(PART.name, "sigs.k8s.io/metrics-server/cmd/metrics-server")],
        // What it says of itself, as upstream's build has it.
        variables: &[format!("k8s.io/component-base/version.gitVersion={version}")],
        ..GoModule::default()
    };
    module.build_into(shop, folder, PART.name)
}
