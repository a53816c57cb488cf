//! What the browser tests need besides Rust: a browser with its driver, axe-core, and the
//! application as `dev` runs it.

use std::path::PathBuf;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::supply;
use taskkit::missing::Missing;
use taskkit::{checkout, packages};

const PURPOSE: &str = "the browser tests";
/// From one source package: the driver works with the browser of its own version only.
const CHROMIUM: &[&str] = &["chromium", "chromium-driver"];

/// Gets what is missing; the variables that lead the tests to it, and to the folder for the
/// pictures they take.
pub(crate) fn ready(sh: &Shell, missing: Missing) -> Result<Vec<(&'static str, PathBuf)>> {
    chromium(sh, missing)?;
    let now = cmd!(sh, "date +%Y-%m-%d-%H%M%S").quiet().read()?;
    Ok(vec![
        ("AXE_CORE", supply::axe_core(sh, missing)?),
        ("BROWSER_RUN", checkout::target_dir(sh)?.join("browser").join(now)),
    ])
}

/// Gets the browser and its driver where they are missing.
pub(crate) fn chromium(sh: &Shell, missing: Missing) -> Result<()> {
    let mut programs = ["chromium", "chromedriver"].iter();
    if programs.all(|program| packages::has(sh, program)) {
        return Ok(());
    }
    packages::ensure(sh, CHROMIUM, missing, PURPOSE)
}
