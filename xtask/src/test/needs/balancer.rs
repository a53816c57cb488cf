//! What the tests of `cargo xtask shift` need besides Rust: `HAProxy`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use taskkit::packages;
use xshell::Shell;

/// Where Debian puts it, which is on the path of root alone.
const PROGRAM: &str = "/usr/sbin/haproxy";

/// Gets it if it is missing; where it lies.
pub(super) fn ready(sh: &Shell, install: bool) -> Result<PathBuf> {
    if !Path::new(PROGRAM).is_file() {
        packages::ensure(sh, &["haproxy"], install, "the tests of shift")?;
    }
    Ok(PROGRAM.into())
}
