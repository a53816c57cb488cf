//! The programs that run on the host.

use std::path::PathBuf;

use anyhow::Result;

use crate::go::GoModule;
use crate::python::PythonPackages;
use crate::recipe::{FilesRecipe, to_json};
use crate::versions::Versions;
use crate::workshop::Workshop;

pub(crate) const KIND: FilesRecipe = FilesRecipe {
    make: |shop| to_json(build_kind(shop)?),
    folders: |shop| Ok(vec![kind(shop.versions)?.folder(shop)]),
    always: false,
};

/// No test of the manifests can do without it.
pub(crate) const KUSTOMIZE: FilesRecipe = FilesRecipe {
    make: |shop| to_json(build_kustomize(shop)?),
    folders: |shop| {
        let version = shop.versions.get("tools", "kustomize")?;
        Ok(vec![kustomize(version, &[provenance(version)]).folder(shop)])
    },
    always: true,
};

/// Fuzzes the API.
pub(crate) const SCHEMATHESIS: FilesRecipe = FilesRecipe {
    make: |shop| to_json(schemathesis(shop.versions)?.install(shop)?),
    folders: |shop| Ok(vec![schemathesis(shop.versions)?.folder(shop)]),
    always: false,
};

/// Scans servers for faults that are known.
pub(crate) const WAPITI: FilesRecipe = FilesRecipe {
    make: |shop| to_json(wapiti(shop.versions)?.install(shop)?),
    folders: |shop| Ok(vec![wapiti(shop.versions)?.folder(shop)]),
    always: false,
};

/// Makes the clusters. Its module also carries the files of the node image.
pub(crate) fn kind(versions: &Versions) -> Result<GoModule<'_>> {
    let (module, version) = ("sigs.k8s.io/kind", versions.get("tools", "kind")?);
    Ok(GoModule {
        module,
        version,
        binaries: &[("kind", "sigs.k8s.io/kind")],
        ..GoModule::default()
    })
}

/// The path of kind.
pub(crate) fn build_kind(shop: Workshop<'_>) -> Result<PathBuf> {
    Ok(kind(shop.versions)?.build(shop)?.join("kind"))
}

/// The path of kustomize.
pub(crate) fn build_kustomize(shop: Workshop<'_>) -> Result<PathBuf> {
    let version = shop.versions.get("tools", "kustomize")?;
    Ok(kustomize(version, &[provenance(version)])
        .build(shop)?
        .join("kustomize"))
}

fn kustomize<'a>(version: &'a str, variables: &'a [String]) -> GoModule<'a> {
    GoModule {
        module: "sigs.k8s.io/kustomize/kustomize/v5",
        version,
        binaries: &[("kustomize", "sigs.k8s.io/kustomize/kustomize/v5")],
        variables,
        ..GoModule::default()
    }
}

/// What kustomize says of itself when it is asked for its version.
fn provenance(version: &str) -> String {
    format!("sigs.k8s.io/kustomize/api/provenance.version={version}")
}

fn schemathesis(versions: &Versions) -> Result<PythonPackages> {
    let pin = |package| Ok(format!("{package}=={}", versions.get("fuzz", package)?));
    let packages = ["schemathesis", "hypothesis"].map(pin);
    Ok(PythonPackages {
        name: "schemathesis",
        packages: packages.into_iter().collect::<Result<_>>()?,
    })
}

fn wapiti(versions: &Versions) -> Result<PythonPackages> {
    Ok(PythonPackages {
        name: "wapiti",
        packages: vec![format!("wapiti3=={}", versions.get("scan", "wapiti3")?)],
    })
}
