//! `cargo xtask hooks`: a hook of Git.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Hooks {
    #[command(subcommand)]
    pub(crate) verb: HooksVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HooksVerb {
    /// Install or update Git's pre-commit hook; a hook that is not ours is reported and left alone
    Install {
        /// Install no program: stop if gitleaks is not here
        #[arg(long)]
        no_install: bool,
    },
    /// Remove that hook
    Remove,
}
