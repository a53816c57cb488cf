//! `cargo xtask dev`: the application on this machine.

use clap::{Args, ValueEnum};

use taskkit::build::toolchain::Toolchain;

#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Port of the page; 0 lets the system choose
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Messages on the board at the start
    #[arg(long, default_value_t = 45)]
    pub(crate) messages: usize,
    #[command(flatten)]
    pub(crate) toolchain: Toolchain,
}

/// What can be compiled alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Both binaries, and the program that runs them
    Servers,
    /// The page's code in the browser
    Page,
    /// The files that the browser is given as they are
    Files,
}
