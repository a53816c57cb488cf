//! `cargo xtask diff`: what a change does to the manifests.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// Commit before the change
    pub(crate) base: String,
    /// Commit after the change
    #[arg(default_value = "HEAD")]
    pub(crate) head: String,
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    pub(crate) no_install: bool,
}
