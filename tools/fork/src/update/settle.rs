//! What a copy has decided holds where Git knows no answer, or another one: what it deleted stays
//! deleted, and what is its own is left as it is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::lock;
use super::merge::{Listing, Merged};
use super::record;

/// What a person should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// Git left both sides in it.
    Conflict,
    /// The copy has changed what the template has deleted.
    KeptHere,
    /// The template has changed or added what the copy has deleted.
    StaysDeleted,
    /// A file of the copy's own that is like one which the template has changed.
    LeftAsItIs,
    /// Cargo could not make the lock file.
    Lock,
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conflict => {
                "conflict: both have changed it; its lines between <<<<<<< and >>>>>>> are yours to choose"
            }
            Self::KeptHere => "kept: you have changed what the template has deleted",
            Self::StaysDeleted => "stays deleted: you have deleted what the template has changed or added",
            Self::LeftAsItIs => "left: it is yours, but like a file that the template has changed",
            Self::Lock => "lock: cargo could not complete it; resolve the rest and run `cargo metadata`",
        })
    }
}

/// What the merged tree has differently in the end.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Mode and object for a path; none if it goes.
    pub(super) edits: BTreeMap<String, Option<(String, String)>>,
    pub(super) looks: BTreeMap<String, Look>,
}

/// Settles what was merged, but for the files that this command writes itself.
pub(super) fn settled(merged: &Merged) -> Settled {
    let mut settled = Settled::default();
    for (path, stages) in &merged.unmerged {
        let has = |stage| stages.contains(&stage);
        let look = match (has(1), has(2), has(3)) {
            (true, false, true) => Look::StaysDeleted,
            (true, true, false) => Look::KeptHere,
            _ => Look::Conflict,
        };
        settled.looks.insert(path.clone(), look);
        match look {
            Look::StaysDeleted => drop(settled.edits.insert(path.clone(), None)),
            Look::KeptHere => drop(settled.edits.insert(path.clone(), merged.own.get(path).cloned())),
            _ => (),
        }
    }
    in_deleted_folders(merged, &mut settled);
    of_its_own(merged, &mut settled);
    for path in [lock::FILE, record::FILE] {
        settled.edits.remove(path);
        settled.looks.remove(path);
    }
    settled
}

/// What the template has added to a folder that the copy has deleted as a whole.
fn in_deleted_folders(merged: &Merged, settled: &mut Settled) {
    let is_in =
        |listing: &Listing, folder: &Path| listing.keys().any(|path| Path::new(path).starts_with(folder));
    let added = merged.files.keys().filter(|path| {
        merged.new.contains_key(*path) && !merged.base.contains_key(*path) && !merged.own.contains_key(*path)
    });
    for path in added {
        let folders = Path::new(path).ancestors().skip(1);
        let mut folders = folders.filter(|folder| !folder.as_os_str().is_empty());
        if folders.any(|folder| is_in(&merged.base, folder) && !is_in(&merged.own, folder)) {
            settled.edits.insert(path.clone(), None);
            settled.looks.insert(path.clone(), Look::StaysDeleted);
        }
    }
}

/// Files that neither version of the template has. Git may take one for what became of a file that
/// the copy has deleted, and bring it that file's changes; so it is, if it was moved as it was.
fn of_its_own(merged: &Merged, settled: &mut Settled) {
    let own = merged.own.iter();
    let own = own.filter(|(path, _)| !merged.base.contains_key(*path) && !merged.new.contains_key(*path));
    for (path, entry) in own {
        let is_changed = merged.files.get(path) != Some(entry) || settled.looks.contains_key(path);
        if is_changed && !was_moved(merged, &entry.1) {
            settled.edits.insert(path.clone(), Some(entry.clone()));
            settled.looks.insert(path.clone(), Look::LeftAsItIs);
        }
    }
}

/// Whether this is the content of a file that the copy has under another path only.
fn was_moved(merged: &Merged, content: &str) -> bool {
    let mut base = merged.base.iter();
    base.any(|(path, (_, object))| object == content && !merged.own.contains_key(path))
}
