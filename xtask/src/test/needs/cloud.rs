//! What the tests of the templates of AWS need besides Rust: emulators, AWS' command line, the
//! programs `stacks`, `shift` and `clusterset`, and the backend.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use xshell::Shell;

use crate::dev;
use crate::flags::Part;
use crate::supply;
use taskkit::build::toolchain::{Choice, Options};
use taskkit::missing::Missing;
use taskkit::{checkout, program};

/// Gets what is missing: the folder of the tools.
pub(super) fn ready(sh: &Shell, missing: Missing) -> Result<PathBuf> {
    supply::cloud(sh, missing)
}

/// Compiles the backend and `clusterset`, whose calls are recorded; the variables that lead the
/// tests to all.
pub(super) fn build(sh: &Shell, missing: Missing, tools: PathBuf) -> Result<Vec<(&'static str, OsString)>> {
    let options = Options {
        choice: Choice::Auto,
        missing,
    };
    // The same build as `cargo xtask dev` starts with.
    dev::build(sh, &[Part::Servers], options)?;
    let backend = checkout::target_dir(sh)?.join(dev::BINARIES).join("backend");
    Ok(vec![
        ("CLOUD_TOOLS", tools.into_os_string()),
        ("STACKS", program::compile(sh, "stacks")?.into_os_string()),
        ("RELEASE", program::compile(sh, "release")?.into_os_string()),
        ("BACKEND", backend.into_os_string()),
        ("SHIFT", program::compile(sh, "shift")?.into_os_string()),
        ("CLUSTERSET", program::compile(sh, "clusterset")?.into_os_string()),
    ])
}
