//! Cargo's workspace without the members that are gone.

use std::path::Path;

use super::Wing;
use crate::tree::Paths;

const FILE: &str = "Cargo.toml";

/// Takes out each line of the workspace's manifest that names a folder that is gone: the members
/// stand one on a line. A pattern goes when nothing is left for it, which cargo would take for a
/// mistake.
pub(super) fn prune(files: &mut Paths, gone: &[&Wing]) {
    let Some(text) = super::text(files, FILE) else {
        return;
    };
    let is_gone = |line: &&str| {
        let mut quoted = line.split('"').skip(1).step_by(2);
        !quoted.any(|path| {
            let all_of = path.strip_suffix("/*");
            let is_empty = |folder: &str| !files.keys().any(|file| file.starts_with(folder));
            gone.iter().any(|wing| wing.has(Path::new(path))) || all_of.is_some_and(is_empty)
        })
    };
    let rest: String = text.split_inclusive('\n').filter(is_gone).collect();
    super::put(files, FILE, rest);
}
