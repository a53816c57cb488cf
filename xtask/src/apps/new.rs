//! `new-app`: refuses what cannot be, then makes everything or the rest of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use project::{Kind, Project};

use super::changes::{self, Change};
use super::worktree::Worktree;
use super::{lists, names, template};

/// Adds the app; what there is to say.
pub(super) fn run(root: &Path, name: &str, kind: Kind, dry_run: bool) -> Result<String> {
    let project = Project::load(root)?;
    if let Ok(app) = project.app(name) {
        ensure!(
            app.kind() == kind && app.folder() == folder(name),
            "there is an app `{name}` of kind {} in {}; choose another name",
            app.kind(),
            app.folder()
        );
        return Ok(format!("{name} is there already; nothing was changed\n"));
    }
    let addition = Addition::of(root, &project, name, kind)?;
    if dry_run {
        return changes::patch(&addition.changes());
    }
    addition.carry_out()?;
    Ok(addition.said())
}

/// Where the crate of an app lies.
pub(super) fn folder(name: &str) -> String {
    format!("{}{name}", super::FOLDER)
}

/// All that an app is.
struct Addition<'a> {
    root: &'a Path,
    name: &'a str,
    kind: Kind,
    /// New files by their paths.
    files: BTreeMap<String, String>,
    /// The files that are there before, as committed and as they are to be.
    edited: Vec<Change>,
}

impl<'a> Addition<'a> {
    fn of(root: &'a Path, project: &Project, name: &'a str, kind: Kind) -> Result<Self> {
        let worktree = Worktree::at(root);
        let committed = |path| worktree.committed(path);
        // First what is wrong with the name in itself, by what the project would be.
        let entered = lists::with(project::FILE, &committed(project::FILE)?, name, kind, "")?;
        lists::check(&entered)?;
        names::check(root, project, name, &committed(lists::LOCK)?)?;
        let files = template::files(root, project, name, kind)?;
        let manifest = format!("{}/Cargo.toml", folder(name));
        let manifest = files.get(&manifest).context("the template has no Cargo.toml")?;
        let mut edited = Vec::new();
        for path in lists::ALL {
            let before = committed(path)?;
            let after = lists::with(path, &before, name, kind, manifest)?;
            edited.push(Change {
                path: path.to_owned(),
                before: Some(before),
                after: Some(after),
            });
        }
        let addition = Self {
            root,
            name,
            kind,
            files,
            edited,
        };
        addition.refuse(&worktree)?;
        Ok(addition)
    }

    /// An error if something is in the way that a killed run cannot have left.
    fn refuse(&self, worktree: &Worktree) -> Result<()> {
        worktree.refuse_changes(|path| {
            let mut edited = self.edited.iter();
            edited.any(|change| change.path == path && self.now(path).as_deref() == change.after.as_deref())
        })?;
        for (path, text) in &self.files {
            if self.root.join(path).exists() && self.now(path).as_ref() != Some(text) {
                bail!(
                    "{path} is there, and not as `new-app` makes it; nothing was changed: move it away, or choose another name"
                );
            }
        }
        Ok(())
    }

    fn now(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    fn changes(&self) -> Vec<Change> {
        let made = self.files.iter().map(|(path, text)| Change {
            path: path.clone(),
            before: None,
            after: Some(text.clone()),
        });
        made.chain(self.edited.iter().cloned()).collect()
    }

    fn carry_out(&self) -> Result<()> {
        let mut files: Vec<_> = self.files.clone().into_iter().collect();
        // The crate last: from then on cargo knows of it.
        files.sort_by_key(|(path, _)| path.starts_with(&folder(self.name)));
        changes::make(self.root, self.name, &files)?;
        for change in &self.edited {
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
            "made",
            &format!("{}: the program, its tests, its image", folder(name)),
        );
        line("made", &format!("infra/{name}: what the cluster is told of it"));
        line("made", &format!("infra/apps/base/{name}.yaml: the Application"));
        for change in &self.edited {
            line("changed", &change.path);
        }
        line("next", &format!("cargo test --package {name}"));
        line(
            "next",
            "commit and push: CI builds it, and proposes it to the first environment (docs/APPS.md)",
        );
        if self.kind == Kind::Worker {
            line(
                "next",
                "its volume wants a storage class `efs` in each cluster (docs/APPS.md)",
            );
        }
        said
    }
}
