//! The commands of `cargo xtask` that documents, messages and CI files name. Each program that has
//! some of them holds those against its own command line, in a test: an option that is renamed
//! shows where it is still called by its former name.

mod mention;
mod text;

use std::fs;
use std::path::Path;

use clap::Command;

pub use mention::Mention;

/// Records of decisions: they say what was decided, and when, and may name what is gone.
pub const RECORDS: &str = "docs/adr/";
/// The table of what a fork may drop still lists what it has dropped. The page with the same words
/// does not.
const WINGS: &str = "tools/fork/wings.toml";

/// Every command that a file of the repository at `root` names.
///
/// # Panics
///
/// If the files cannot be listed: this is for tests.
#[must_use]
pub fn mentions(root: &Path) -> Vec<Mention> {
    let names = gitkit::files(root).expect("list the files");
    let read = |name: &String| {
        // One that is deleted and not yet committed is still listed; a binary one names nothing.
        let text = fs::read_to_string(root.join(name)).ok()?;
        Some(text::mentions(name, &text))
    };
    let names = names
        .iter()
        .filter(|name| !name.starts_with(RECORDS) && *name != WINGS);
    names.filter_map(read).flatten().collect()
}

/// Which commands a program has.
#[derive(Debug, Clone, Copy)]
pub enum Own<'a> {
    /// All of `cargo xtask`.
    All,
    /// What is behind this one, whose name it is not given.
    Behind(&'a str),
    /// These, whose names it is given.
    Named(&'a [&'a str]),
}

impl Own<'_> {
    /// What the program is called with, if these words behind `cargo xtask` are one of its
    /// commands.
    fn arguments(self, words: &[String]) -> Option<&[String]> {
        match (self, words.split_first()) {
            (Self::All, _) => Some(words),
            (Self::Behind(name), Some((first, rest))) if first == name => Some(rest),
            (Self::Named(names), Some((first, _))) if names.contains(&first.as_str()) => Some(words),
            _ => None,
        }
    }
}

/// What is wrong with the commands of a program that files name.
///
/// # Panics
///
/// If no file names any, for then nothing would be looked at.
#[must_use]
pub fn faults(root: &Path, command: &Command, own: Own<'_>) -> Vec<String> {
    let mentions = mentions(root);
    let own: Vec<_> = mentions
        .iter()
        .filter_map(|mention| Some((mention, own.arguments(mention.words())?)))
        .collect();
    assert!(!own.is_empty(), "no file names a command of this program");
    let made: Vec<_> = mentions.iter().filter_map(Mention::made).collect();
    let faults = own.into_iter();
    faults
        .filter_map(|(mention, arguments)| mention.fault(command, arguments, &made))
        .collect()
}
