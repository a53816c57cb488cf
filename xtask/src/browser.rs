//! What the browser tests need besides Rust: a browser with its driver, axe-core, and the
//! application as `dev` runs it.

use std::path::PathBuf;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::{dev, flags, programs, supply};
use taskkit::{checkout, packages};

const PURPOSE: &str = "the browser tests";
/// From one source package: the driver works with the browser of its own version only.
const CHROMIUM: &[&str] = &["chromium", "chromium-driver"];

/// Where documents find their pictures.
const PICTURES: &str = "docs/pictures";

impl flags::Pictures {
    /// Becomes the program that makes them.
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        chromium(sh, true)?;
        dev::everything(sh, true)?;
        let folder = sh.current_dir().join(PICTURES);
        let variables = [("BROWSER_RUN", folder.as_os_str())];
        programs::start(sh, "browser", self.run.map(PathBuf::into_os_string), variables)
    }
}

/// Gets what is missing; the variables that lead the tests to it, and to the folder for the
/// pictures they take.
pub(crate) fn ready(sh: &Shell, install: bool) -> Result<Vec<(&'static str, PathBuf)>> {
    chromium(sh, install)?;
    let now = cmd!(sh, "date +%Y-%m-%d-%H%M%S").quiet().read()?;
    Ok(vec![
        ("AXE_CORE", supply::axe_core(sh, install)?),
        ("BROWSER_RUN", checkout::target_dir(sh)?.join("browser").join(now)),
    ])
}

fn chromium(sh: &Shell, install: bool) -> Result<()> {
    let mut programs = ["chromium", "chromedriver"].iter();
    if programs.all(|program| packages::has(sh, program)) {
        return Ok(());
    }
    packages::ensure(sh, CHROMIUM, install, PURPOSE)
}
