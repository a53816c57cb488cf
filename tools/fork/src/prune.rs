//! A copy without some wings: their folders, and what other files say of them.
//!
//! A wing is an entry of `tools/fork/wings.toml`. What it has in shared files stands between two
//! marks or on a line with one (`marks.rs`), so nothing is guessed in code. In pages, what names a
//! path or a command that is gone goes with it (`pages.rs`).

mod checklist;
mod claims;
mod lock;
mod manifest;
mod marks;
mod pages;
mod wings;

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::tree::{File, Paths};

pub(super) use self::lock::{lock_of, locked};
pub use self::wings::Wings;
pub(super) use self::wings::{FILE, PAGE, Wing, with_table};

/// What a fork goes without, and what could not be done for it.
#[derive(Debug, Default)]
pub(super) struct Pruned {
    /// Files that have what this command does not understand, and why: left as they are.
    pub(super) left: Vec<(PathBuf, String)>,
}

/// Takes `gone` out of `files`.
pub(super) fn prune(files: &mut Paths, gone: &[&Wing]) -> Result<Pruned> {
    let mut pruned = Pruned::default();
    let names: Vec<&str> = gone.iter().map(|wing| wing.name.as_str()).collect();
    files.retain(|path, _| !gone.iter().any(|wing| wing.has(path)));
    for (path, file) in files.iter_mut() {
        let Some(text) = file.text() else { continue };
        match marks::without(text, &names) {
            Ok(rest) if rest == text => (),
            Ok(rest) => *file = file.with(rest),
            Err(reason) => pruned.left.push((path.clone(), reason)),
        }
    }
    // A file that had nothing but what was marked.
    files.retain(|_, file| !file.content.is_empty());
    manifest::prune(files, gone);
    claims::prune(files);
    pages::prune(files, gone);
    wings::record(files, &names)?;
    Ok(pruned)
}

/// Puts the table of what is left into its page, if this copy still has the command for it.
pub(super) fn write_table(files: &mut Paths, wings: &Wings, without: &[String]) -> Result<()> {
    let (Some(_), Some(page)) = (text(files, FILE), text(files, PAGE)) else {
        return Ok(());
    };
    let page = with_table(page, &wings.table(without))?;
    put(files, PAGE, page);
    Ok(())
}

/// One file as text.
fn text<'f>(files: &'f Paths, path: &str) -> Option<&'f str> {
    files.get(Path::new(path)).and_then(File::text)
}

/// Puts `text` in the place of a file that is there.
fn put(files: &mut Paths, path: &str, text: String) {
    if let Some(file) = files.get_mut(Path::new(path)) {
        *file = file.with(text);
    }
}
