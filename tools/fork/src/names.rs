//! The two names of a fork, in each way in which they are written.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use project::Project;
use serde::Deserialize;

use super::tree::{Paths, Tree};
use super::words::{self, Pairs};

/// Whoever copies a work of others says whose it was, and where newer versions of it come from.
const KEPT: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT", crate::update::RECORD];

/// A line with this shows the command, as docs/FORK.md does: its names are an example and nobody's,
/// so whoever tries just these is not told that they are taken.
const EXAMPLE: &str = "cargo xtask fork --name";

/// What the repository is called, and what its apps are together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Names {
    pub(super) name: String,
    pub(super) application: String,
}

impl Names {
    /// As `project.toml` has them.
    pub(super) fn of(project: &Project) -> Self {
        Self {
            name: project.name().to_owned(),
            application: project.application().to_owned(),
        }
    }

    /// As the `project.toml` of a version of the template has them. A later one may have keys there
    /// that nobody here knows.
    pub(super) fn of_template(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("read {}", project::FILE))
    }

    /// With another one in place of each that is given.
    pub(super) fn with(&self, name: Option<&String>, application: Option<&String>) -> Self {
        Self {
            name: name.unwrap_or(&self.name).clone(),
            application: application.unwrap_or(&self.application).clone(),
        }
    }

    /// Old and new words: the longer ones first, since the first that fits counts. A name that
    /// stays is among them, because the other one may be a part of it.
    fn pairs(&self, new: &Self) -> Pairs {
        let both = [(&self.name, &new.name), (&self.application, &new.application)];
        let mut pairs = Pairs::new();
        let mut add = |old: String, new: String| {
            if !pairs.iter().any(|(known, _)| *known == old) {
                pairs.push((old, new));
            }
        };
        for (old, new) in both {
            // A name of one word is the same as a label and in Rust, where an underscore beside it
            // tells which it is.
            if !old.contains('-') && new.contains('-') {
                let new = new.replace('-', "_");
                add(format!("_{old}"), format!("_{new}"));
                add(format!("{old}_"), format!("{new}_"));
            }
            for way in WAYS {
                let (old, new) = (way(old), way(new));
                // Of two names behind an underscore the longer one counts, too.
                add(format!("_{old}"), format!("_{new}"));
                add(old, new);
            }
        }
        pairs.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
        pairs
    }
}

/// As a label, as a variable, as a name of Rust.
const WAYS: [fn(&str) -> String; 3] = [
    str::to_owned,
    |name| name.replace('-', "_").to_uppercase(),
    |name| name.replace('-', "_"),
];

/// The files of `tree` with the new names in place of the old ones. `address` names where the
/// repository lies, which is another fact: under the new name somebody else may have one.
pub(super) fn renamed(tree: &Tree, old: &Names, new: &Names, address: Option<&str>) -> Result<Paths> {
    let pairs = old.pairs(new);
    check_written(tree.text(project::FILE)?, &pairs, new)?;
    check_free(tree, &pairs, address)?;
    translated(tree.files(), old, new, address)
}

/// The same of any files, without a look at whether the new names are free in them.
pub(super) fn translated(files: &Paths, old: &Names, new: &Names, address: Option<&str>) -> Result<Paths> {
    let mut pairs = old.pairs(new);
    pairs.splice(
        0..0,
        address.map(|address| (address.to_owned(), address.to_owned())),
    );
    let mut renamed = Paths::new();
    for (path, file) in files {
        if is_kept(path) {
            renamed.insert(path.clone(), file.clone());
            continue;
        }
        let place = renamed_path(path, &pairs);
        let text = file.text().map(|text| words::replaced(text, &pairs));
        let file = text.map_or_else(|| file.clone(), |text| file.with(text));
        if renamed.insert(place.clone(), file).is_some() {
            bail!(
                "{} would take the place of another file; rename one of the two first; nothing was written",
                place.display()
            );
        }
    }
    Ok(renamed)
}

fn is_kept(path: &Path) -> bool {
    KEPT.iter().any(|kept| Path::new(kept) == path)
}

fn renamed_path(path: &Path, pairs: &Pairs) -> PathBuf {
    path.to_str()
        .map_or_else(|| path.to_owned(), |path| words::replaced(path, pairs).into())
}

/// A new name that is already a word of some file could not be told from it the next time.
fn check_free(tree: &Tree, pairs: &Pairs, address: Option<&str>) -> Result<()> {
    let address = address.unwrap_or("\0");
    for (_, new) in pairs.iter().filter(|(old, new)| old != new) {
        // Beside an underscore it is the same name.
        let new = new.trim_matches('_');
        let files = tree.files().iter().filter(|(path, _)| !is_kept(path));
        let mut holders = files.filter(|(path, file)| {
            let text = file.text().unwrap_or_default();
            let inside = words::has(text, new) && words::has(&counted(text, address), new);
            inside || path.to_str().is_some_and(|path| words::has(path, new))
        });
        if let Some((path, _)) = holders.next() {
            let more = match holders.count() {
                0 => String::new(),
                more => format!(" and {more} more files"),
            };
            bail!(
                "`{new}` is taken: it stands in {}{more}, and nobody could tell the two apart afterwards; \
                 choose a word that is nowhere yet, such as one with a hyphen; nothing was written",
                path.display()
            );
        }
    }
    Ok(())
}

/// What of a text can hold a name that is taken: neither the address nor an example.
fn counted(text: &str, address: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains(EXAMPLE));
    let lines: Vec<_> = lines.map(|line| line.replace(address, "")).collect();
    lines.join("\n")
}

/// Files that are no text and have an old name in them: left as they are.
pub(super) fn unreadable<'t>(tree: &'t Tree, old: &Names, new: &Names) -> Vec<&'t Path> {
    let pairs = old.pairs(new);
    let has = |bytes: &[u8]| {
        pairs
            .iter()
            .filter(|(old, new)| old != new)
            .any(|(old, _)| bytes.windows(old.len()).any(|part| part == old.as_bytes()))
    };
    let files = tree.files().iter().filter(|(_, file)| file.text().is_none());
    files
        .filter(|(_, file)| has(&file.content))
        .map(|(path, _)| path.as_path())
        .collect()
}

/// That the file of names, whose text this is, will say what is asked for, and may.
fn check_written(text: &str, pairs: &Pairs, new: &Names) -> Result<()> {
    ensure!(
        new.name != new.application,
        "--name and --application are the same, and nobody could tell the two apart afterwards; choose another for one"
    );
    let project = Project::of_text(&words::replaced(text, pairs)).with_context(|| {
        let (name, application) = (&new.name, &new.application);
        format!("with the names `{name}` and `{application}` this could be no project; choose another or a shorter one; nothing was written")
    })?;
    ensure!(
        Names::of(&project) == *new,
        "{} is written in a way that this command cannot change; put {} and {} there by hand and run this again; nothing \
         was written",
        project::FILE,
        new.name,
        new.application
    );
    Ok(())
}
