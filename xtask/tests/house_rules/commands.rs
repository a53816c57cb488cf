//! Commands that documents, messages and CI files name are there, with these options. Programs with
//! a command line of their own hold theirs against it in tests of their own.

use clap::CommandFactory as _;
use documents::Own;
use xtask::flags::Flags;

use crate::{none, root};

#[test]
fn each_command_that_a_file_names_is_one() {
    none(&documents::faults(&root(), &Flags::command(), Own::All));
}

#[test]
fn examples_are_among_them() {
    let found = documents::mentions(&root());
    let of_pages = found.iter().map(ToString::to_string);
    let of_pages = of_pages.filter(|mention| mention.starts_with("docs/"));
    assert!(of_pages.count() > 3, "the examples of the pages are not found");
}
