//! `cargo xtask e2e`: the harness, which runs the release verbs and the generators in a repository
//! of its own.

use anyhow::Result;
use taskkit::program;
use xshell::Shell;

use crate::flags::Handed;
use crate::programs;

impl Handed {
    /// Becomes the harness for a person's first change.
    pub(crate) fn demo(mut self, sh: &Shell) -> Result<()> {
        self.args.insert(0, "demo".into());
        self.e2e(sh)
    }

    /// Becomes the harness.
    pub(crate) fn e2e(self, sh: &Shell) -> Result<()> {
        let release = program::compile(sh, "release")?;
        let generators = program::compile(sh, "generators")?;
        let programs = [
            ("RELEASE", release.as_os_str()),
            ("GENERATORS", generators.as_os_str()),
        ];
        programs::start(sh, "e2e", self.args, programs)
    }
}
