//! `cargo xtask e2e`: the harness, which runs the release verbs in a repository of its own.

use anyhow::Result;
use taskkit::program;
use xshell::Shell;

use crate::flags::Handed;
use crate::programs;

impl Handed {
    /// Becomes the harness.
    pub(crate) fn e2e(self, sh: &Shell) -> Result<()> {
        let release = program::compile(sh, "release")?;
        programs::start(sh, "e2e", self.args, [("RELEASE", release.as_os_str())])
    }
}
