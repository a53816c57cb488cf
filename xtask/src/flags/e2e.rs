//! `cargo xtask e2e`: the harness, with a command line of its own.

use std::ffi::OsString;

use clap::Args;

/// Arguments for the harness, handed on unread.
#[derive(Debug, Args)]
pub(crate) struct E2e {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<OsString>,
}
