//! What the tests of `cargo xtask shift` need besides Rust: `HAProxy`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use taskkit::missing::Missing;
use taskkit::packages::{self, HAPROXY};
use xshell::Shell;

/// Gets it if it is missing; where it lies.
pub(super) fn ready(sh: &Shell, missing: Missing) -> Result<PathBuf> {
    let (program, package) = HAPROXY;
    if !Path::new(program).is_file() {
        packages::ensure(sh, &[package], missing, "the tests of shift")?;
    }
    Ok(program.into())
}
