//! The merge of three: the version that the copy is from, the copy, and the newer version, the
//! first and the last in the shape of the copy.
//!
//! Both get a history of their own, two commits long, in a repository that is thrown away: a copy
//! made by "Use this template" shares none with the template.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use super::releases::Releases;
use crate::tree::{Entry, Paths, entries};

/// Names of the three commits, which Git also writes at the lines that conflict.
const BASE: &str = "base";
const OWN: &str = "this-copy";

/// The merged tree and what Git could not merge.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) tree: String,
    pub(super) base: Listing,
    pub(super) own: Listing,
    pub(super) new: Listing,
    pub(super) files: Listing,
    /// For each path that was not merged, which of base (1), copy (2) and new version (3) have it.
    pub(super) unmerged: BTreeMap<String, BTreeSet<u8>>,
}

/// Mode and object of each file of a tree by its path.
pub(super) type Listing = BTreeMap<String, (String, String)>;

/// Merges what came of `new` since `base` into the commit `head` of the copy. `name` stands at the
/// lines of the newer version where they conflict.
pub(super) fn merged(
    releases: &Releases,
    head: &str,
    name: &str,
    base: &Paths,
    new: &Paths,
) -> Result<Merged> {
    import(releases, name, base, new)?;
    let own = format!("{head}^{{tree}}");
    let own = ["commit-tree", "-p", BASE, "-m", OWN, &own];
    let own = releases.git(&own).as_somebody().read()?;
    releases
        .git(&["update-ref", &format!("refs/heads/{OWN}"), &own])
        .run()?;
    let (tree, unmerged) = merge(releases, name)?;
    let listing = |tree: &str| listing(releases, tree);
    Ok(Merged {
        base: listing(BASE)?,
        own: listing(head)?,
        new: listing(name)?,
        files: listing(&tree)?,
        tree,
        unmerged,
    })
}

/// Writes both as commits, the newer one on top of the other.
fn import(releases: &Releases, name: &str, base: &Paths, new: &Paths) -> Result<()> {
    let mut stream = Vec::new();
    for (name, files) in [(BASE, base), (name, new)] {
        let from = if name == BASE {
            String::new()
        } else {
            format!("from refs/heads/{BASE}\n")
        };
        let begin = format!(
            "commit refs/heads/{name}\ncommitter template <template@example.invalid> 0 +0000\ndata 0\n{from}deleteall\n"
        );
        stream.extend(begin.into_bytes());
        for (path, file) in files {
            let path = path.to_str().context("a path that is not UTF-8")?;
            let path = path
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let mode = if file.is_executable() { "100755" } else { "100644" };
            stream.extend(format!("M {mode} inline \"{path}\"\ndata {}\n", file.content.len()).into_bytes());
            stream.extend(&file.content);
            stream.push(b'\n');
        }
    }
    let import = releases.git(&["fast-import", "--quiet", "--done"]);
    // Nothing of it stays.
    let import = import.setting("core.compression", "0");
    stream.extend(b"done\n");
    Ok(import.input(stream).run()?)
}

/// The merged tree, in which conflicts are as Git writes them, and the paths that have some.
fn merge(releases: &Releases, name: &str) -> Result<(String, BTreeMap<String, BTreeSet<u8>>)> {
    let merge = ["merge-tree", "--write-tree", "--no-messages", "-z", OWN, name];
    let output = releases
        .git(&merge)
        // A folder that moved takes no file along that one side has put into it.
        .setting("merge.directoryRenames", "false")
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        matches!(output.status.code(), Some(0 | 1)) && !output.stdout.is_empty(),
        "`git merge-tree` failed: {}; this needs Git 2.38 or newer",
        said.trim()
    );
    let listed = String::from_utf8(output.stdout).context("read what `git merge-tree` printed")?;
    let mut entries = listed.split('\0');
    let tree = entries.next().unwrap_or_default().to_owned();
    let mut unmerged: BTreeMap<String, BTreeSet<u8>> = BTreeMap::new();
    for entry in entries.filter(|entry| !entry.is_empty()) {
        let (about, path) = entry.split_once('\t').context("an entry of `git merge-tree`")?;
        let stage = about.rsplit(' ').next().and_then(|stage| stage.parse().ok());
        let stage = stage.context("an entry of `git merge-tree`")?;
        unmerged.entry(path.to_owned()).or_default().insert(stage);
    }
    Ok((tree, unmerged))
}

/// Every file of a tree, links too.
pub(super) fn listing(releases: &Releases, tree: &str) -> Result<Listing> {
    let listed = releases
        .git(&["ls-tree", "-r", "-z", "--full-tree", tree])
        .text()?;
    let entries = entries(&listed)?.into_iter();
    let about = |entry: Entry<'_>| (entry.mode.to_owned(), entry.object.to_owned());
    Ok(entries
        .map(|entry| (entry.path.to_owned(), about(entry)))
        .collect())
}
