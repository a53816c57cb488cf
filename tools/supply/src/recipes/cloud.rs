//! What checks the templates of `infra/aws`, and the emulators they are deployed to.

use std::path::PathBuf;

use anyhow::Result;

use crate::python::PythonPackages;
use crate::recipe::{FilesRecipe, to_json};
use crate::versions::Versions;
use crate::workshop::Workshop;

fn packages(versions: &Versions) -> Result<PythonPackages> {
    let pin = |package: &str, key: &str| anyhow::Ok(format!("{package}=={}", versions.get("cloud", key)?));
    Ok(PythonPackages {
        name: "cloud",
        packages: vec![
            pin("awscli", "awscli")?,
            pin("cfn-lint", "cfn-lint")?,
            pin("moto[server]", "moto")?,
            pin("ministack", "ministack")?,
            // For MiniStack, which imports it and does not say so.
            "cryptography".to_owned(),
        ],
    })
}

pub(crate) const CLOUD: FilesRecipe = FilesRecipe {
    make: |shop| to_json(build_cloud(shop)?),
    folders: |shop| Ok(vec![packages(shop.versions)?.folder(shop)]),
    always: false,
};

/// The folder with cfn-lint, moto, `MiniStack` and AWS' command line: modules in it, programs in
/// its `bin`.
pub(crate) fn build_cloud(shop: Workshop<'_>) -> Result<PathBuf> {
    packages(shop.versions)?.install(shop)
}
