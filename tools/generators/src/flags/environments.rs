//! Adding and removing environments.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct NewEnvironment {
    /// Of the environment, its overlays, cluster, stacks and table
    pub(crate) name: String,
    /// The environment that promotes to it, whose overlays it gets a copy of
    #[arg(long, value_name = "ENVIRONMENT")]
    pub(crate) after: String,
    /// The branch that it is released from; its name, if not given
    #[arg(long)]
    pub(crate) branch: Option<String>,
    /// Write nothing: print what would change, as a patch
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveEnvironment {
    /// Of the environment
    pub(crate) name: String,
    /// Write nothing: print what would change, as a patch
    #[arg(long)]
    pub(crate) dry_run: bool,
}
