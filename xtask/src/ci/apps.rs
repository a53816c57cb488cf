//! Which files make which app: the inputs of its fingerprint.
//!
//! Two commits with the same fingerprint have the same image, so the second is never built and a
//! promotion finds what staging runs. `Cargo.lock` is shared by products and tools: a new version
//! of a tool's dependency makes new images too, which costs a build and never misses one.

use crate::build::toolchain::Target;

/// A product that is released as an image.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) name: &'static str,
    /// Folders and files of its own.
    pub(crate) paths: &'static [&'static str],
    /// The crates that are compiled for its image, and what for.
    pub(crate) compiled: &'static [(&'static str, Target)],
}

pub(crate) const APPS: &[App] = &[
    App {
        name: "backend",
        paths: &["backend"],
        compiled: &[("backend", Target::Static)],
    },
    App {
        name: "frontend",
        paths: &["frontend"],
        compiled: &[("frontend", Target::Static), ("hydrate", Target::Wasm)],
    },
];

/// What every app is made with: common crates, versions, compiler settings, and the code that
/// compiles.
pub(crate) const SHARED: &[&str] = &[
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "crates",
    "xtask/src/build",
    "xtask/wasm-bundle",
];

/// Prose beside the code changes no image.
pub(crate) const IGNORED_SUFFIX: &str = ".md";

impl App {
    /// Where the image of an environment is pinned, from the root of the repository.
    pub(crate) fn overlay(&self, environment: &str) -> String {
        format!("infra/{}/overlays/{environment}/kustomization.yaml", self.name)
    }
}
