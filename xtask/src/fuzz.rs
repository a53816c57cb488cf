//! `cargo xtask fuzz`: schemathesis asks the API what its document allows, and what it does not.
//! The tests are `backend/tests/fuzz/`; here they get the program.

use std::ffi::OsString;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::{flags, groups, supply};
use taskkit::checkout;
use taskkit::missing::Missing;

/// The tests alone; they are no part of a plain `cargo test`, which has no schemathesis for them.
pub(crate) const ARGS: &[&str] = &["--test", "fuzz"];

/// Gets schemathesis; the variables that lead the tests to it.
pub(crate) fn ready(sh: &Shell, missing: Missing) -> Result<Vec<(&'static str, OsString)>> {
    let folder = supply::schemathesis(sh, missing)?;
    Ok(vec![
        ("SCHEMATHESIS", folder.join("bin/schemathesis").into()),
        ("PYTHONPATH", folder.into()),
    ])
}

impl flags::Fuzz {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let variables = ready(sh, Missing::of_flag(self.no_install))?;
        let seed = self.seed.map(|seed| ("FUZZ_SEED", seed.to_string()));
        checkout::cargo(sh)
            .arg("test")
            .args(groups::APPS.args())
            .args(ARGS)
            .envs(variables)
            .envs(seed)
            .env("FUZZ_EXAMPLES", self.examples.to_string())
            .run()
            .context("the API breaks its document")
    }
}
