//! What checks the templates of `infra/aws`, and the emulators they are deployed to.

use std::path::PathBuf;

use anyhow::Result;

use crate::python::PythonPackages;
use crate::workshop::Workshop;

/// The folder with cfn-lint, moto, `MiniStack` and AWS' command line: modules in it, programs in its `bin`.
pub(crate) fn build_cloud(shop: Workshop<'_>) -> Result<PathBuf> {
    let pin =
        |package: &str, key: &str| anyhow::Ok(format!("{package}=={}", shop.versions.get("cloud", key)?));
    let packages = [
        pin("awscli", "awscli")?,
        pin("cfn-lint", "cfn-lint")?,
        pin("moto[server]", "moto")?,
        pin("ministack", "ministack")?,
        // For MiniStack, which imports it and does not say so.
        "cryptography".to_owned(),
    ];
    PythonPackages {
        name: "cloud",
        packages: &packages,
    }
    .install(shop)
}
