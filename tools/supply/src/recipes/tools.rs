//! The programs that run on the host.

use std::path::PathBuf;

use anyhow::Result;

use crate::go::GoModule;
use crate::python::PythonPackages;
use crate::recipes::node::kubernetes;
use crate::versions::Versions;
use crate::workshop::Workshop;

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

/// The path of kubectl.
pub(crate) fn build_kubectl(shop: Workshop<'_>) -> Result<PathBuf> {
    let version = shop.versions.get("tools", "kubectl")?;
    Ok(kubernetes(shop, version, &[("kubectl", "k8s.io/kubernetes/cmd/kubectl")])?.join("kubectl"))
}

/// The path of kustomize.
pub(crate) fn build_kustomize(shop: Workshop<'_>) -> Result<PathBuf> {
    let version = shop.versions.get("tools", "kustomize")?;
    let kustomize = GoModule {
        module: "sigs.k8s.io/kustomize/kustomize/v5",
        version,
        binaries: &[("kustomize", "sigs.k8s.io/kustomize/kustomize/v5")],
        variables: &[format!("sigs.k8s.io/kustomize/api/provenance.version={version}")],
        ..GoModule::default()
    };
    Ok(kustomize.build(shop)?.join("kustomize"))
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

/// What is kept of them.
pub(crate) fn kept(shop: Workshop<'_>) -> Result<[PathBuf; 2]> {
    Ok([
        schemathesis(shop.versions)?.folder(shop),
        wapiti(shop.versions)?.folder(shop),
    ])
}

/// The folder of wapiti, which scans servers for faults that are known.
pub(crate) fn install_wapiti(shop: Workshop<'_>) -> Result<PathBuf> {
    wapiti(shop.versions)?.install(shop)
}

/// The folder of schemathesis.
pub(crate) fn install_schemathesis(shop: Workshop<'_>) -> Result<PathBuf> {
    schemathesis(shop.versions)?.install(shop)
}
