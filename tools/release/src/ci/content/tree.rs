//! The files of one commit, as `git ls-tree -r -z` lists them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

/// What Git says of a file whose content is the path of another one.
const LINK: &str = "120000";
const FILE: &str = "100644";

/// The files of a commit by path.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tree {
    files: BTreeMap<String, Entry>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What kind of file it is, and whether it may be run.
    pub(crate) mode: String,
    /// The name of its content.
    pub(crate) id: String,
}

impl Entry {
    /// Whether it only names another file.
    pub(crate) fn is_link(&self) -> bool {
        self.mode == LINK
    }
}

impl Tree {
    /// Reads Git's list.
    pub(crate) fn of_list(list: &str) -> Self {
        let entry = |line: &str| {
            let (words, path) = line.split_once('\t')?;
            let mut words = words.split(' ');
            let (mode, _kind, id) = (words.next()?, words.next()?, words.next()?);
            let (mode, id) = (mode.to_owned(), id.to_owned());
            Some((path.to_owned(), Entry { mode, id }))
        };
        Self {
            files: list.split_terminator('\0').filter_map(entry).collect(),
        }
    }

    /// Takes the work tree at `root` for a commit. The path of a file stands for its content.
    pub(crate) fn of_work_tree(root: &Path) -> Result<Self> {
        let files = gitkit::files(root).context("list the files of the work tree")?;
        let entry = |path: String| {
            let data = root.join(&path).symlink_metadata().ok()?;
            let mode = if data.is_symlink() { LINK } else { FILE };
            let entry = Entry {
                mode: mode.to_owned(),
                id: path.clone(),
            };
            Some((path, entry))
        };
        Ok(Self {
            files: files.into_iter().filter_map(entry).collect(),
        })
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Entry> {
        self.files.get(path)
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The file at `path`, or all files in the folder there.
    pub(crate) fn at(&self, path: &str) -> Vec<&str> {
        let below = self.files.range(path.to_owned()..);
        let below = below.map(|(file, _)| file.as_str());
        let alike = below.take_while(|file| file.starts_with(path));
        alike.filter(|file| is_within(file, path)).collect()
    }
}

/// Whether `path` is `folder` or lies in it; all lies in the folder without a name.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| folder.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// The folder that a file lies in.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `path` as seen from `folder`, without `.` and `..`; none if it leads out of the repository.
pub(crate) fn resolved(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
impl Tree {
    /// Gives `path` another content, and answers the name of the present one.
    pub(super) fn replace(&mut self, path: &str, id: &str) -> String {
        let entry = self.files.get_mut(path).expect("a file of the tree");
        std::mem::replace(&mut entry.id, id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_holds_its_files_and_no_others_that_begin_alike() {
        let list = ["app", "app-two/a", "app/a", "app/b/c", "apps/a"];
        let list = list.map(|path| format!("100644 blob 1\t{path}\0")).concat();
        let tree = Tree::of_list(&list);
        assert_eq!(tree.at("app/b"), ["app/b/c"]);
        assert_eq!(tree.at("app"), ["app", "app/a", "app/b/c"]);
        assert_eq!(tree.at("").len(), 5);
    }

    #[test]
    fn a_path_is_taken_from_the_folder_that_names_it() {
        let found = |path| resolved("backend/src/routes", path);
        assert_eq!(
            found("../../../crates/api.json").as_deref(),
            Some("crates/api.json")
        );
        assert_eq!(found("./a.txt").as_deref(), Some("backend/src/routes/a.txt"));
        assert_eq!(found("../../../../outside"), None);
        assert_eq!(found("/etc/passwd"), None);
    }
}
