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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::versions::Versions;

    #[test]
    fn the_image_is_the_one_that_clusters_elsewhere_run() {
        let versions = Versions::load().unwrap();
        let image = PART.image(&versions).unwrap();
        assert!(image.ends_with(&format!(":{}", versions.get(PART.name, PART.name).unwrap())));
        let path = crate::recipes::root().join("infra/addons/metrics-server/base/deployment.yaml");
        let manifest = fs::read_to_string(path).unwrap();
        assert_eq!(
            manifest.matches(&format!("image: {image}\n")).count(),
            1,
            "{image}"
        );
    }
}
