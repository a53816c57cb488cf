//! `cargo xtask pictures`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Pictures {
    /// The folder of an end-to-end run: what it has left is shown too
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: Option<PathBuf>,
}
