//! `cargo xtask build`.

use std::path::PathBuf;

use clap::Args;
use taskkit::build::toolchain::Toolchain;

use super::Part; // wing: dev

#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Folder for the result: one folder per app, each the build context of its image
    #[arg(long, default_value = "target/dist")]
    pub(crate) out: PathBuf,
    // wing: dev
    /// Compile for this machine and quickly, as `dev` and the browser tests run it: into
    /// target/debug and target/dev
    #[arg(long, conflicts_with = "out")]
    pub(crate) dev: bool,
    /// With --dev: compile this part alone
    #[arg(long, value_enum, requires = "dev")]
    pub(crate) only: Vec<Part>,
    // end of wing
    #[command(flatten)]
    pub(crate) toolchain: Toolchain,
}
