//! `cargo xtask supply`: the parts of the e2e, with a command line of its own.

use std::ffi::OsString;

use clap::Args;

/// Arguments for the program `supply`, handed on unread.
#[derive(Debug, Args)]
pub(crate) struct Supply {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<OsString>,
}
