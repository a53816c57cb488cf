//! The command line of `cargo xtask book`.

use anyhow::Result;
use clap::Parser;
use taskkit::checkout;

use crate::site;

/// Where the site lies, from the top of the repository.
const OUT: &str = "target/book";

/// Make a site of the pages of this repository, with search; fails if one of its links leads
/// nowhere
#[derive(Debug, Parser)]
#[command(name = "book", bin_name = "cargo xtask book", max_term_width = 110)]
pub(crate) struct Flags {}

impl Flags {
    pub(crate) fn run() -> Result<()> {
        let root = checkout::root()?;
        let out = root.join(OUT);
        let pages = site::make(&root, &out)?;
        println!("{pages} pages: {}", out.join("index.html").display());
        Ok(())
    }
}

// wing: house-rules
#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory as _;
    use documents::Own;

    use super::*;

    #[test]
    fn each_command_that_documents_name_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let faults = documents::faults(&root, &Flags::command(), Own::Behind("book"));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
// end of wing
