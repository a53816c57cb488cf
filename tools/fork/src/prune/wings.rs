//! The table of wings, and the record of those that a fork went without.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::tree::Paths;

/// Where the table stands.
pub(crate) const FILE: &str = "tools/fork/wings.toml";
/// The page with the table for people, and the place of it.
pub(crate) const PAGE: &str = "docs/FORK.md";
const BEGIN: &str = "<!-- From here on: cargo xtask fork --table -->\n";
const END: &str = "<!-- To here -->\n";
/// How the record begins in `project.toml`.
const RECORD: &str = "without = ";

const HEAD: &str =
    "| wing | folders and files | what it is | who needs it | goes only with |\n|---|---|---|---|---|\n";

/// All that a fork may go without. A later version of the template, which an update reads too, may
/// have keys here that are not known yet.
#[derive(Debug, Deserialize)]
pub struct Wings {
    wing: Vec<Wing>,
}

/// One of them.
#[derive(Debug, Deserialize)]
pub(crate) struct Wing {
    pub(crate) name: String,
    /// What it is.
    pub(crate) what: String,
    /// Who needs it.
    pub(crate) needed_by: String,
    /// Wings that it cannot be without.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Its folders and files.
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    /// Its commands, by the word behind `cargo xtask`.
    #[serde(default)]
    pub(crate) commands: Vec<String>,
}

impl Wing {
    /// The paths that a reader looks for: not what xtask has for each command.
    fn shown(&self) -> Vec<&str> {
        let paths = self.paths.iter().map(String::as_str);
        let own: Vec<_> = paths.clone().filter(|path| !path.starts_with("xtask/")).collect();
        let folders = paths.filter(|path| !path.starts_with("xtask/src/flags") && !path.contains('.'));
        if own.is_empty() { folders.collect() } else { own }
    }

    /// Whether a file is one of its own.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.paths.iter().any(|own| path.starts_with(own))
    }
}

impl Wings {
    /// As the table has them.
    pub fn of_text(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("read {FILE}"))
    }

    /// What of it is in this copy, for people.
    pub(crate) fn print(&self, without: &[String]) {
        for wing in &self.wing {
            let gone = if without.contains(&wing.name) {
                "gone: "
            } else {
                ""
            };
            println!("wing        {gone}{}: {}", wing.name, wing.what);
        }
    }

    /// The table of docs/FORK.md, for a copy that is `without` some.
    pub(crate) fn table(&self, without: &[String]) -> String {
        let mut table = HEAD.to_owned();
        let there = || self.wing.iter().filter(|wing| !without.contains(&wing.name));
        for wing in there() {
            let shown = wing.shown().into_iter();
            let paths: Vec<_> = shown
                .filter(|path| !self.is_gone(path, without))
                .map(|path| format!("`{path}`"))
                .collect();
            let others = there().filter(|other| other.needs.contains(&wing.name));
            let others: Vec<_> = others.map(|other| format!("`{}`", other.name)).collect();
            let Wing {
                name,
                what,
                needed_by,
                ..
            } = wing;
            let (paths, others) = (paths.join(", "), others.join(", "));
            // Writing to a string cannot fail.
            let _ = writeln!(table, "| `{name}` | {paths} | {what} | {needed_by} | {others} |");
        }
        table
    }

    /// Whether a path went with a wing that this copy is without; a wing may have a part inside
    /// another one.
    fn is_gone(&self, path: &str, without: &[String]) -> bool {
        let mut gone = self.wing.iter().filter(|wing| without.contains(&wing.name));
        gone.any(|wing| wing.has(Path::new(path)))
    }

    /// The wings of these names. `before` are gone already.
    pub(crate) fn named(&self, names: &[String], before: &[String]) -> Result<Vec<&Wing>> {
        for name in names {
            ensure!(
                self.wing.iter().any(|wing| wing.name == *name) || before.contains(name),
                "there is no wing `{name}`; {FILE} has {}",
                self.listed()
            );
        }
        let there = || self.wing.iter().filter(|wing| !before.contains(&wing.name));
        let gone: Vec<_> = there().filter(|wing| names.contains(&wing.name)).collect();
        let stay = there().filter(|wing| !names.contains(&wing.name));
        let broken: Vec<_> = stay
            .filter(|wing| wing.needs.iter().any(|need| names.contains(need)))
            .map(|wing| wing.name.as_str())
            .collect();
        ensure!(
            broken.is_empty(),
            "{} cannot be without {}; leave those out too: --without {},{}; nothing was written",
            broken.join(" and "),
            names.join(" and "),
            names.join(","),
            broken.join(",")
        );
        Ok(gone)
    }

    /// The wings of these names, and those that cannot be without one of them. Names that this
    /// table does not have are ignored.
    pub(crate) fn with_what_needs(&self, names: &[String]) -> Vec<&Wing> {
        let mut gone: Vec<&str> = names.iter().map(String::as_str).collect();
        loop {
            let known = gone.len();
            let more = self.wing.iter().filter(|wing| {
                !gone.contains(&&*wing.name) && wing.needs.iter().any(|need| gone.contains(&&**need))
            });
            let more: Vec<_> = more.map(|wing| wing.name.as_str()).collect();
            gone.extend(more);
            if gone.len() == known {
                break;
            }
        }
        let wings = self.wing.iter();
        wings.filter(|wing| gone.contains(&&*wing.name)).collect()
    }

    /// Of each, its name with those of all that cannot be without it.
    pub fn each_with_what_needs(&self) -> Vec<Vec<&str>> {
        let each = self.wing.iter().map(|wing| std::slice::from_ref(&wing.name));
        let each = each.map(|name| self.with_what_needs(name));
        each.map(|gone| gone.into_iter().map(|wing| wing.name.as_str()).collect())
            .collect()
    }

    fn listed(&self) -> String {
        let names: Vec<_> = self.wing.iter().map(|wing| wing.name.as_str()).collect();
        names.join(", ")
    }
}

/// `page` with this table in its place.
pub(crate) fn with_table(page: &str, table: &str) -> Result<String> {
    let parts = page.split_once(BEGIN).zip(page.split_once(END));
    let ((before, _), (_, after)) =
        parts.with_context(|| format!("{PAGE} has no place for the table: between `{BEGIN}` and `{END}`"))?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

/// What of `project.toml` is the record.
#[derive(Debug, Deserialize)]
struct Recorded {
    #[serde(default)]
    without: Vec<String>,
}

/// Writes into `project.toml` which wings this copy is without, for those who bring changes of the
/// template later.
pub(super) fn record(files: &mut Paths, names: &[&str]) -> Result<()> {
    let text = super::text(files, project::FILE).context("project.toml is not committed")?;
    let recorded: Recorded = toml::from_str(text).with_context(|| format!("read {}", project::FILE))?;
    let mut all: Vec<&str> = recorded
        .without
        .iter()
        .map(String::as_str)
        .chain(names.iter().copied())
        .collect();
    all.sort_unstable();
    all.dedup();
    let line = format!("{RECORD}{all:?}\n");
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if let Some(at) = lines.iter().position(|line| line.starts_with(RECORD)) {
        lines[at] = &line;
    } else {
        let sign = lines.iter().position(|line| line.starts_with("application = "));
        let at = sign.context("project.toml has no line `application = …`")? + 1;
        lines.insert(at, &line);
        lines.insert(at, "# Parts of the template that this copy is without.\n");
    }
    let text = lines.concat();
    super::put(files, project::FILE, text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "[[wing]]\nname = 'roof'\nwhat = 'a'\nneeded_by = 'b'\nneeds = ['walls']\n\
        [[wing]]\nname = 'walls'\nwhat = 'a'\nneeded_by = 'b'\npaths = ['tools/walls']\n";

    #[test]
    fn what_stands_on_a_wing_has_to_go_with_it() {
        let wings = Wings::of_text(TABLE).unwrap();
        let named = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let gone = wings.named(&names, &[]).map(|gone| gone.len());
            gone.map_err(|error| error.to_string())
        };
        assert_eq!(named(&["roof"]), Ok(1));
        assert_eq!(named(&["walls", "roof"]), Ok(2));
        assert!(named(&["walls"]).is_err_and(|error| error.contains("--without walls,roof")));
        let before = [String::from("roof")];
        let again = wings.named(&before, &before).map(|gone| gone.len());
        assert_eq!(again.unwrap(), 0);
        assert!(wings.named(&["walls".to_owned()], &before).is_ok());
        assert!(named(&["cellar"]).is_err_and(|error| error.contains("roof, walls")));
    }

    /// Each command, path and need of the table is one of this checkout, and the page has the
    /// table.
    #[test]
    fn the_table_is_that_of_this_checkout() {
        let root = taskkit::checkout::shell().unwrap().current_dir();
        let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
        let wings = Wings::of_text(&read(FILE)).unwrap();
        let names: Vec<_> = wings.wing.iter().map(|wing| &wing.name).collect();
        let project = project::Project::load(&root).unwrap();
        for wing in wings
            .wing
            .iter()
            .filter(|wing| !project.without().contains(&wing.name))
        {
            assert!(
                wing.needs.iter().all(|need| names.contains(&need)),
                "{}",
                wing.name
            );
            // These may be deleted as folders.
            let kept = |path: &&String| {
                let top = path.split('/').next().unwrap_or_default();
                !["findings", ".github"].contains(&top) || root.join(top).exists()
            };
            let paths = wing.paths.iter().filter(kept);
            for path in paths.filter(|path| !wings.is_gone(path, project.without())) {
                assert!(root.join(path).exists(), "{}: there is no {path}", wing.name);
            }
        }
        let page = read(PAGE);
        let right = with_table(&page, &wings.table(project.without())).unwrap();
        assert!(page == right, "run: cargo xtask fork --table");
    }

    /// Reading the table forgives a slip.
    #[test]
    fn every_key_of_the_table_is_known() {
        let root = taskkit::checkout::shell().unwrap().current_dir();
        let text = std::fs::read_to_string(root.join(FILE)).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let known = ["name", "what", "needed_by", "needs", "paths", "commands"];
        for wing in table["wing"].as_array().unwrap() {
            let mut keys = wing.as_table().unwrap().keys();
            assert!(keys.all(|key| known.contains(&key.as_str())), "{wing}");
        }
    }

    #[test]
    fn a_wing_has_its_folders_and_no_neighbour() {
        let wings = Wings::of_text(TABLE).unwrap();
        let walls = &wings.wing[1];
        assert!(walls.has(Path::new("tools/walls/src/lib.rs")));
        assert!(!walls.has(Path::new("tools/walls-of-others/src/lib.rs")));
    }
}
