//! `new-app`: refuses what cannot be, then makes everything or the rest of it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use project::{Kind, Project};

use super::{lists, names, template};
use crate::changes::{self, Change, Made};
use crate::project_file;
use crate::worktree::Worktree;

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
        return changes::patch(&addition.made.changes());
    }
    addition.made.carry_out(root)?;
    Ok(addition.said())
}

/// Where the crate of an app lies.
pub(super) fn folder(name: &str) -> String {
    format!("{}{name}", project::MADE)
}

/// All that an app is.
struct Addition<'a> {
    name: &'a str,
    kind: Kind,
    made: Made,
}

impl<'a> Addition<'a> {
    fn of(root: &Path, project: &Project, name: &'a str, kind: Kind) -> Result<Self> {
        let worktree = Worktree::at(root);
        let committed = |path| worktree.committed(path);
        // First what is wrong with the name in itself, by what the project would be.
        let entered = lists::with(project::FILE, &committed(project::FILE)?, name, kind, "")?;
        project_file::check(&entered)?;
        names::check(root, project, name, &committed(lists::LOCK)?)?;
        let files = template::files(root, project, name, kind)?;
        let manifest = format!("{}/Cargo.toml", folder(name));
        let manifest = files.get(&manifest).context("the template has no Cargo.toml")?;
        let mut edited = Vec::new();
        for &path in lists::ALL {
            let before = committed(path)?;
            let after = lists::with(path, &before, name, kind, manifest)?;
            edited.push(Change {
                path: path.to_owned(),
                before: Some(before),
                after: Some(after),
            });
        }
        let mut files: Vec<_> = files.into_iter().collect();
        // The crate last: from then on cargo knows of it.
        files.sort_by_key(|(path, _)| path.starts_with(&folder(name)));
        let made = Made { files, edited };
        made.refuse(root, "new-app")?;
        Ok(Self { name, kind, made })
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
        for change in &self.made.edited {
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
