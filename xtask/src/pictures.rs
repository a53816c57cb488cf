//! `cargo xtask pictures`: what documents show, made anew in the browser of the tests.

use std::path::PathBuf;

use anyhow::Result;
use taskkit::missing::Missing;
use xshell::Shell;

use crate::{browser, dev, flags, programs};

/// Where documents find their pictures.
const PICTURES: &str = "docs/pictures";

impl flags::Pictures {
    /// Becomes the program that makes them.
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        browser::chromium(sh, Missing::Install)?;
        dev::everything(sh, Missing::Install)?;
        let folder = sh.current_dir().join(PICTURES);
        let variables = [("BROWSER_RUN", folder.as_os_str())];
        programs::start(sh, "browser", self.run.map(PathBuf::into_os_string), variables)
    }
}
