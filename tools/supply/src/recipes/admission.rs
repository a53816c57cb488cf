//! What images are signed with (cosign), and what looks at signatures in the clusters (Sigstore's
//! policy controller).
//!
//! Both are made of the controller's module, which requires a cosign: most of what they are
//! compiled from is the same.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::go::GoModule;
use crate::part::Part;
use crate::versions::Versions;
use crate::workshop::Workshop;

/// Same interface as upstream's image.
pub const PART: Part = Part {
    name: "admission",
    context: &[(
        "Containerfile",
        include_str!("../../images/admission/Containerfile"),
    )],
    source: include_str!("admission.rs"),
    prepare,
};

const CONTROLLER: &str = "policy-controller";

/// Modules without versions of their own, of which registries keep some commits only. They read
/// passwords of registries, which nobody needs here.
const REPLACED: &[(&str, &str)] = &[
    (
        "github.com/google/go-containerregistry/pkg/authn/k8schain",
        "v0.0.0-20230919002926-dbcd01c402b2",
    ),
    (
        "github.com/google/go-containerregistry/pkg/authn/kubernetes",
        "v0.0.0-20260224031529-85f2bf5f7303",
    ),
];

fn module(versions: &Versions) -> Result<GoModule<'_>> {
    Ok(GoModule {
        module: "github.com/sigstore/policy-controller",
        version: versions.get("admission", "policy-controller")?,
        binaries: &[
            (CONTROLLER, "github.com/sigstore/policy-controller/cmd/webhook"),
            ("cosign", "github.com/sigstore/cosign/v3/cmd/cosign"),
        ],
        replaced: REPLACED,
        ..GoModule::default()
    })
}

/// Where the binaries of this page lie once they are built.
pub(crate) fn folder(shop: Workshop<'_>) -> Result<PathBuf> {
    Ok(module(shop.versions)?.folder(shop))
}

/// The path of cosign.
pub(crate) fn build_cosign(shop: Workshop<'_>) -> Result<PathBuf> {
    Ok(module(shop.versions)?.build(shop)?.join("cosign"))
}

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    module(shop.versions)?.build_into(shop, folder, CONTROLLER)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_controller_is_the_one_that_clusters_elsewhere_install() {
        let versions = Versions::load().unwrap();
        let path = crate::recipes::root().join("infra/admission/controller.yaml");
        let image = versions.get("admission", "image").unwrap();
        assert!(image.ends_with(versions.get("admission", "policy-controller").unwrap()));
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(text.matches(&format!("image: {image}\n")).count(), 1, "{image}");
    }
}
