//! External Secrets, which keeps Secrets of a cluster as AWS Secrets Manager has them.

use std::path::Path;

use anyhow::Result;

use crate::go::GoModule;
use crate::part::Part;
use crate::workshop::Workshop;

/// Same interface as upstream's image, with one provider and without generators.
pub const PART: Part = Part {
    name: "external-secrets",
    context: &[
        (
            "Containerfile",
            include_str!("../../images/external-secrets/Containerfile"),
        ),
        ("provider.go", PROVIDER),
        ("generator.go", GENERATOR),
    ],
    source: include_str!("external_secrets.rs"),
    prepare,
};

const MODULE: &str = "github.com/external-secrets/external-secrets";
const PROVIDER: &str = include_str!("../../images/external-secrets/provider.go");
const GENERATOR: &str = include_str!("../../images/external-secrets/generator.go");

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let module = GoModule {
        module: MODULE,
        version: shop.versions.get(PART.name, PART.name)?,
        binaries: &[(PART.name, MODULE)],
        patched: &[
            ("pkg/provider/register/register.go", PROVIDER),
            ("pkg/generator/register/register.go", GENERATOR),
        ],
        ..GoModule::default()
    };
    module.build_into(shop, folder, PART.name)
}

#[cfg(test)]
mod tests {
    use super::PART;
    use crate::recipes::tests::kinds_are_of;

    #[test]
    fn the_kinds_are_those_of_this_version() {
        let kinds = ["externalsecrets"];
        kinds_are_of(&PART, "External Secrets", &kinds);
    }
}
