//! What the browser tests need besides Rust: a browser with its driver, axe-core, and the application as `dev` runs it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use supply::cache::Cache;
use supply::versions::Versions;
use xshell::{Shell, cmd};

use crate::build::toolchain::{Choice, Options};
use crate::{dev, env, packages};

const PURPOSE: &str = "the browser tests";
/// From one source package: the driver works with the browser of its own version only.
const CHROMIUM: &[&str] = &["chromium", "chromium-driver"];

/// Gets what is missing; the variables that lead the tests to it, and to the folder for the pictures they take.
pub(crate) fn ready(sh: &Shell, install: bool) -> Result<Vec<(&'static str, PathBuf)>> {
    if !["chromium", "chromedriver"]
        .iter()
        .all(|program| packages::has(sh, program))
    {
        packages::ensure(sh, CHROMIUM, install, PURPOSE)?;
    }
    let now = cmd!(sh, "date +%Y-%m-%d-%H%M%S").quiet().read()?;
    Ok(vec![
        ("AXE_CORE", axe_core(sh)?),
        ("BROWSER_RUN", env::target_dir(sh)?.join("browser").join(now)),
    ])
}

/// Compiles the application; the same build as `cargo xtask dev` starts with.
pub(crate) fn build(sh: &Shell, install: bool) -> Result<()> {
    let options = Options {
        choice: Choice::Auto,
        install,
    };
    dev::build(sh, &[], options)
}

/// The script that looks for faults in a page, from the cache or else by npm.
fn axe_core(sh: &Shell) -> Result<PathBuf> {
    let versions = Versions::load()?;
    let version = versions.get("browser", "axe-core")?;
    let folder = Cache::locate()?.files().join(format!("axe-core-{version}"));
    let script = folder.join("package/axe.min.js");
    if script.exists() {
        return Ok(script);
    }
    if !packages::has(sh, "npm") {
        bail!("{PURPOSE}: npm, which fetches axe-core, is not on PATH");
    }
    let unfinished = sh.create_temp_dir()?;
    let here = unfinished.path();
    let package = format!("axe-core@{version}");
    cmd!(sh, "npm pack --silent --pack-destination {here} {package}")
        .quiet()
        .ignore_stdout()
        .run()
        .with_context(|| format!("{PURPOSE}: fetch {package}"))?;
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let archive = here.join(format!("axe-core-{version}.tgz"));
    cmd!(
        sh,
        "tar -xzf {archive} -C {folder} package/axe.min.js package/LICENSE"
    )
    .quiet()
    .run()
    .context("unpack axe-core")?;
    Ok(script)
}
