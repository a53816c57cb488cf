//! Cargo's workspace without the members that are gone.

use std::path::Path;

use super::Wing;
use crate::tree::Paths;

const FILE: &str = "Cargo.toml";

/// Takes out each line of the workspace's manifest that names a folder that is gone: the members
/// stand one on a line.
pub(super) fn prune(files: &mut Paths, gone: &[&Wing]) {
    let Some(text) = super::text(files, FILE) else {
        return;
    };
    let is_gone = |line: &&str| {
        let mut quoted = line.split('"').skip(1).step_by(2);
        !quoted.any(|path| gone.iter().any(|wing| wing.has(Path::new(path))))
    };
    let rest: String = text.split_inclusive('\n').filter(is_gone).collect();
    super::put(files, FILE, rest);
}
