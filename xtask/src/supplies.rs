//! `cargo xtask supply …`, and the one tool the tests need from there. The work itself is the crate `supply`.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use xshell::Shell;

use crate::flags;

/// Where kustomize lies, which renders the manifests that are tested.
pub(crate) fn kustomize(_sh: &Shell, _install: bool) -> Result<PathBuf> {
    std::env::var_os("KUSTOMIZE")
        .map(PathBuf::from)
        .context("no kustomize")
}

impl flags::Supply {
    pub(crate) fn run(self, _sh: &Shell) -> Result<()> {
        bail!("supply is not wired")
    }
}
