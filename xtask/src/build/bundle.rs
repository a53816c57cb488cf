//! The browser bundle: the hydrate crate as wasm with its JavaScript, and the files served beside
//! it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::build::context_of;
use crate::build::toolchain::Prepared;
use crate::env;

/// The bundle's name, as the page refers to it: `/pkg/app.js`, `/pkg/app_bg.wasm`.
const NAME: &str = "app";
/// The bundle's folder in the site.
pub(crate) const PKG: &str = "pkg";
/// Files a browser is given as they are.
const PUBLIC: &str = "frontend/public";

pub(crate) fn build(sh: &Shell, wasm: &Prepared, out: &Path) -> Result<()> {
    let built = compile(sh, wasm, "wasm-release")?;
    let site = context_of(out, "frontend").join("site");
    // A file that is no longer made must not live on in the image.
    sh.remove_path(&site)?;
    bind(sh, &built, &site.join(PKG), &["--compress"])?;
    copy_public(sh, &site)
}

/// Compiles the hydrate crate with `profile` and answers the wasm file.
pub(crate) fn compile(sh: &Shell, wasm: &Prepared, profile: &str) -> Result<PathBuf> {
    let built = wasm.cargo_build(sh, profile, &["--package", "hydrate"])?;
    Ok(built.join("hydrate.wasm"))
}

/// Makes of the compiled wasm what a browser loads, in the folder `pkg`; `options` are
/// wasm-bundle's.
pub(crate) fn bind(sh: &Shell, wasm: &Path, pkg: &Path, options: &[&str]) -> Result<()> {
    sh.create_dir(pkg)?;
    env::cargo(sh)
        .args(["run", "--quiet", "--locked", "--package", "wasm-bundle", "--"])
        .args([wasm, pkg])
        .arg(NAME)
        .args(options)
        .run()
        .context("make the browser bundle")
}

/// Copies the files that a browser is given as they are.
pub(crate) fn copy_public(sh: &Shell, site: &Path) -> Result<()> {
    copy_tree(sh, &sh.current_dir().join(PUBLIC), site)
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
