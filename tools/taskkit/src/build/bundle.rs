//! The browser bundle: a page's crate as wasm with its JavaScript, and the files served beside it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use project::App;
use xshell::Shell;

use crate::build::toolchain::Prepared;
use crate::build::{DepInfo, context_of};
use crate::checkout;
use crate::environment::project;

/// The bundle's name, as the page refers to it: `/pkg/app.js`, `/pkg/app_bg.wasm`.
const NAME: &str = "app";
/// The bundle's folder in the site.
pub const PKG: &str = "pkg";
/// Files a browser is given as they are, in an app's folder.
const PUBLIC: &str = "public";

/// The apps whose pages have code of their own, and the packages of that code.
pub fn pages() -> impl Iterator<Item = (&'static App, &'static str)> {
    let apps = project().apps().iter();
    apps.filter_map(|app| Some((app, app.browser_package()?)))
}

pub(super) fn build(
    sh: &Shell,
    wasm: &Prepared,
    out: &Path,
    app: &'static App,
    package: &str,
) -> Result<DepInfo> {
    let built = compile(sh, wasm, "wasm-release", package)?;
    let site = context_of(out, app).join("site");
    // A file that is no longer made must not live on in the image.
    sh.remove_path(&site)?;
    bind(sh, &built, &site.join(PKG), &["--compress"])?;
    copy_public(sh, app, &site)?;
    Ok(DepInfo::beside(app, &built))
}

/// Compiles the package of a page with `profile` and answers the wasm file.
pub fn compile(sh: &Shell, wasm: &Prepared, profile: &str, package: &str) -> Result<PathBuf> {
    let built = wasm.cargo_build(sh, profile, &["--package", package])?;
    Ok(built.join(format!("{}.wasm", package.replace('-', "_"))))
}

/// Makes of the compiled wasm what a browser loads, in the folder `pkg`; `options` are
/// wasm-bundle's.
pub fn bind(sh: &Shell, wasm: &Path, pkg: &Path, options: &[&str]) -> Result<()> {
    sh.create_dir(pkg)?;
    checkout::cargo(sh)
        .args(["run", "--quiet", "--locked", "--package", "wasm-bundle", "--"])
        .args([wasm, pkg])
        .arg(NAME)
        .args(options)
        .run()
        .context("make the browser bundle")
}

/// The folder of the files that a browser is given as they are, if the app has a page.
pub fn public_of(app: &App) -> Option<String> {
    app.browser_package()
        .map(|_| format!("{}/{PUBLIC}", app.folder()))
}

/// Copies these files.
pub fn copy_public(sh: &Shell, app: &App, site: &Path) -> Result<()> {
    let public = public_of(app);
    public.map_or(Ok(()), |public| {
        copy_tree(sh, &sh.current_dir().join(public), site)
    })
}

fn copy_tree(sh: &Shell, from: &Path, to: &Path) -> Result<()> {
    sh.create_dir(to)?;
    for path in sh
        .read_dir(from)
        .with_context(|| format!("read {}", from.display()))?
    {
        let target = to.join(path.file_name().context("a directory entry has a name")?);
        if path.is_dir() {
            copy_tree(sh, &path, &target)?;
        } else {
            sh.copy_file(&path, &target)?;
        }
    }
    Ok(())
}
