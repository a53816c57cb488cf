//! Which files make which app: the inputs of its fingerprint.
//!
//! Two commits with the same fingerprint have the same image, so the second is never built and a
//! promotion finds what staging runs. Of `Cargo.lock`, which all packages share, an app has the
//! part that its packages reach (`lock.rs`).

use project::App;

use crate::build::toolchain::Target;

/// The versions of everything, of which each app has a part.
pub(crate) const LOCK: &str = "Cargo.lock";
/// What makes the code for the browser, with versions of its own.
const BUNDLER: &str = "wasm-bundle";

/// What every app is made with: common crates, versions, compiler settings, and the code that
/// compiles.
pub(crate) const SHARED: &[&str] = &[
    ".cargo",
    LOCK,
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

/// The packages whose versions are content of `app`.
pub(crate) fn locked(app: &App) -> Vec<&str> {
    let bundler = app.browser_package().map(|_| BUNDLER);
    let compiled = compiled(app).map(|(package, _)| package);
    compiled.chain(bundler).collect()
}
