//! `remove-app`: takes away what `new-app` made and nobody changed, and says what stays.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use project::{FILE as PROJECT, Kind, Project};

use super::changes::{self, Change};
use super::new::folder;
use super::worktree::Worktree;
use super::{digests, lists, template};

/// Removes the app; what there is to say.
pub(super) fn run(root: &Path, name: &str, dry_run: bool) -> Result<String> {
    let project = Project::load(root)?;
    let app = project.app(name)?;
    ensure!(
        app.folder() == folder(name),
        "{name} lies in {} and was not made by `new-app`; remove it by hand, and its entry in {PROJECT}",
        app.folder()
    );
    let removal = Removal::of(root, &project, name, app.kind())?;
    removal.refuse()?;
    if dry_run {
        return changes::patch(&removal.changes()?);
    }
    removal.carry_out()?;
    Ok(removal.said())
}

/// Everything of an app that goes, and what does not.
struct Removal<'a> {
    root: &'a Path,
    name: &'a str,
    kind: Kind,
    image: String,
    /// Files as they were made, but for the lines that CI writes.
    files: Vec<String>,
    /// Those that a person has changed or added.
    changed: Vec<String>,
    lists: Vec<Change>,
}

impl<'a> Removal<'a> {
    fn of(root: &'a Path, project: &Project, name: &'a str, kind: Kind) -> Result<Self> {
        let made = template::files(root, project, name, kind)?;
        let (mut files, mut changed) = sorted(root, name, &made)?;
        // A crate is whole or not at all, and stays in the lock file while it is there.
        let krate = format!("{}/", folder(name));
        changed.extend(Worktree::at(root).ignored([&krate, &format!("infra/{name}/")])?);
        let stays = changed.iter().any(|path| path.starts_with(&krate));
        if stays {
            files.retain(|path| !path.starts_with(&krate));
        }
        changed.sort();
        let mut edited = Vec::new();
        for path in lists::ALL.iter().filter(|path| !(stays && **path == lists::LOCK)) {
            let before = fs::read_to_string(root.join(path)).with_context(|| format!("read {path}"))?;
            let after = lists::without(path, &before, name);
            if *path == PROJECT {
                lists::check_gone(&after, name)?;
            }
            edited.push(Change {
                path: (*path).to_owned(),
                after: Some(after),
                before: Some(before),
            });
        }
        Ok(Self {
            root,
            name,
            kind,
            image: format!("{}/{name}", project.name()),
            files,
            changed,
            lists: edited,
        })
    }

    /// An error if anything is changed but not committed, other than by a `new-app` that is taken
    /// back, or by a run of this command that was killed.
    fn refuse(&self) -> Result<()> {
        let worktree = Worktree::at(self.root);
        worktree.refuse_changes(|path| {
            let is_gone = is_of(path, self.name) && !self.root.join(path).exists();
            let list = self.lists.iter().find(|change| change.path == path);
            is_gone
                || list.is_some_and(|list| {
                    let committed = worktree.committed(path).ok();
                    let without = committed
                        .as_deref()
                        .map(|text| lists::without(path, text, self.name));
                    committed == list.after || without == list.before
                })
        })
    }

    fn changes(&self) -> Result<Vec<Change>> {
        let mut changes = self.lists.clone();
        for path in &self.files {
            let before = fs::read_to_string(self.root.join(path)).with_context(|| format!("read {path}"))?;
            changes.push(Change {
                path: path.clone(),
                before: Some(before),
                after: None,
            });
        }
        Ok(changes)
    }

    /// The crate in one step, because Cargo refuses a half one, and the project's file last: while
    /// it names the app, the next run finishes a killed one.
    fn carry_out(&self) -> Result<()> {
        let krate = folder(self.name);
        let is_of_crate = |path: &&String| Path::new(path).starts_with(&krate);
        let (of_crate, others): (Vec<_>, Vec<_>) = self.files.iter().partition(is_of_crate);
        if !of_crate.is_empty() {
            changes::remove_folder(self.root, &krate)?;
        }
        changes::remove(self.root, others)?;
        for change in self.lists.iter().filter(|change| change.before != change.after) {
            if let Some(text) = &change.after {
                changes::replace(self.root, &change.path, text)?;
            }
        }
        Ok(())
    }

    fn said(&self) -> String {
        let (name, mut said) = (self.name, String::new());
        let mut line = |words: &str, what: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(said, "{words:9} {what}");
        };
        line(
            "removed",
            &format!(
                "{} files of {name}, and its entries in {}",
                self.files.len(),
                lists::ALL.join(", ")
            ),
        );
        for path in &self.changed {
            line("left", &format!("{path}: it is not as `new-app` made it"));
        }
        if self.changed.iter().any(|path| path.starts_with(&folder(name))) {
            line(
                "left",
                &format!(
                    "{}, a crate like any other now; to remove it: git rm -r {0}",
                    folder(name)
                ),
            );
        }
        line("stays", &format!("the images in the registry, {}", self.image));
        if self.kind == Kind::Worker {
            line(
                "stays",
                &format!("the claim `{name}` of each cluster, and the data on its volume"),
            );
        }
        line("next", "commit and push: Argo CD removes what ran (docs/APPS.md)");
        said
    }
}

/// Whether a file belongs to the app alone.
fn is_of(path: &str, name: &str) -> bool {
    let path = Path::new(path);
    path.starts_with(folder(name))
        || path.starts_with(format!("infra/{name}"))
        || path == Path::new(&format!("infra/apps/base/{name}.yaml"))
}

/// Files of the app that are as they were made, and those that are not.
fn sorted(root: &Path, name: &str, made: &BTreeMap<String, String>) -> Result<(Vec<String>, Vec<String>)> {
    let there = gitkit::files(root).context("list the files of the app")?;
    let is_own = |path: &String| made.contains_key(path) || is_of(path, name);
    let there = there
        .into_iter()
        .filter(|path| is_own(path) && root.join(path).exists());
    let is_made = |path: &String| {
        let text = fs::read_to_string(root.join(path)).ok();
        text.is_some_and(|text| made.get(path).is_some_and(|made| digests::same(made, &text)))
    };
    Ok(there.partition(is_made))
}
