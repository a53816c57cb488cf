//! external-dns, which gives what a cluster serves its names in Route 53.

use std::path::Path;

use anyhow::Result;

use crate::go::GoModule;
use crate::part::Part;
use crate::workshop::Workshop;

/// Same interface as upstream's image, with one provider.
pub const PART: Part = Part {
    name: "external-dns",
    context: &[
        (
            "Containerfile",
            include_str!("../../images/external-dns/Containerfile"),
        ),
        ("provider.go", PROVIDER),
    ],
    source: include_str!("external_dns.rs"),
    prepare,
};

const MODULE: &str = "sigs.k8s.io/external-dns";
const PROVIDER: &str = include_str!("../../images/external-dns/provider.go");
/// A module whose own address is gone.
const MOVED: &[(&str, &str, &str)] = &[(
    "vbom.ml/util",
    "github.com/fvbommel/util",
    "v0.0.0-20160121211510-db5cfe13f5cc",
)];

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let version = shop.versions.get(PART.name, PART.name)?;
    let module = GoModule {
        module: MODULE,
        version,
        binaries: &[(PART.name, MODULE)],
        // What it says of itself, as upstream's build has it.
        variables: &[format!("{MODULE}/pkg/apis/externaldns.Version={version}")],
        moved: MOVED,
        patched: &[("provider/factory/provider.go", PROVIDER)],
        ..GoModule::default()
    };
    module.build_into(shop, folder, PART.name)
}
