//! `cargo xtask security`: the tables of rules and of what shows them.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Security {
    /// Write nothing: fail if a page differs from its list
    #[arg(long)]
    pub(crate) check: bool,
}
