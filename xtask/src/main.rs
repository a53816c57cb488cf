//! Entry point of `cargo xtask`: parses the command line and runs the command.

use clap::Parser as _;

fn main() -> anyhow::Result<()> {
    xtask::flags::Flags::parse().run()
}
