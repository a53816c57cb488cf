//! Which files make which app: the inputs of its fingerprint.
//!
//! Two commits with the same fingerprint have the same image, so the second is never built and a
//! promotion finds what staging runs. `Cargo.lock` is shared by products and tools: a new version
//! of a tool's dependency makes new images too, which costs a build and never misses one.

use project::App;

use crate::build::toolchain::Target;

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

/// The packages that are compiled for the image of `app`, and what for.
pub(crate) fn compiled(app: &App) -> impl Iterator<Item = (&str, Target)> {
    let page = app.browser_package().map(|package| (package, Target::Wasm));
    std::iter::once((app.package(), Target::Static)).chain(page)
}
