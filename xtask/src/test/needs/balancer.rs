//! What the tests of `cargo xtask shift` need besides Rust: `HAProxy`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use taskkit::packages::{self, HAPROXY};
use xshell::Shell;

/// Gets it if it is missing; where it lies.
pub(super) fn ready(sh: &Shell, install: bool) -> Result<PathBuf> {
    let (program, package) = HAPROXY;
    if !Path::new(program).is_file() {
        packages::ensure(sh, &[package], install, "the tests of shift")?;
    }
    Ok(program.into())
}
