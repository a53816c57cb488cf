//! Adding and removing apps.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use project::Kind;

#[derive(Debug, Args)]
pub(crate) struct NewApp {
    /// Of the app, its package, its image, and everything in the cluster
    pub(crate) name: String,
    /// What it is to the cluster: pages for people, an API for other programs, a bot that works
    /// without being asked, or a job at given times
    #[arg(long, value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::name)).try_map(kind))]
    pub(crate) kind: Kind,
    /// Write nothing: print what would change, as a patch
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveApp {
    /// Of the app
    pub(crate) name: String,
    /// Write nothing: print what would change, as a patch
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Never an error: the parser before it takes these names only.
fn kind(name: String) -> Result<Kind, String> {
    Kind::named(&name).ok_or(name)
}
