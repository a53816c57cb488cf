//! The packages that make an app's image.

use project::App;

use taskkit::build::toolchain::Target;

/// What makes the code for the browser, with versions of its own.
const BUNDLER: &str = "wasm-bundle";

/// The packages that are compiled for the image of `app`, and what for.
pub(crate) fn compiled(app: &App) -> impl Iterator<Item = (&str, Target)> {
    let page = app.browser_package().map(|package| (package, Target::Wasm));
    std::iter::once((app.package(), Target::Static)).chain(page)
}

/// The packages that decide what is in the image of `app`, each with all that it is compiled with.
pub(crate) fn roots(app: &App) -> Vec<&str> {
    let bundler = app.browser_package().map(|_| BUNDLER);
    let compiled = compiled(app).map(|(package, _)| package);
    compiled.chain(bundler).collect()
}
