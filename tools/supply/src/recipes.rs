//! The list of all parts; each file below holds the recipe of one.

pub mod admission;
pub mod argocd;
pub mod aws;
pub mod checks;
pub mod cloud;
pub mod forge;
pub mod kube_router;
pub mod node;
pub mod pipelines;
pub mod tools;

use crate::part::Part;

/// Every image from outside, the slowest to build first.
pub const PARTS: &[Part] = &[
    node::PART,
    argocd::PART,
    admission::PART,
    forge::PART,
    aws::PART,
    kube_router::PART,
    argocd::REDIS,
];

/// The root of the checkout this was built in.
#[cfg(test)]
pub(crate) fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
