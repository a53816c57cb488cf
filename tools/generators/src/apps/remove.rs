//! `remove-app`: takes away what `new-app` made and nobody changed, and says what stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use project::{FILE as PROJECT, Kind, Project};

use super::new::folder;
use super::{lists, template};
use crate::changes::{self, Change};
use crate::removed::Removed;
use crate::worktree::Worktree;
use crate::{digests, project_file};

// wing: hub
/// The kinds of what templates make, but for the claim of a worker, which is data.
const RUNS: &str = "deployments,cronjobs,services,serviceaccounts,networkpolicies,poddisruptionbudgets";
// end of wing

/// Removes the app; what there is to say.
pub(super) fn run(root: &Path, name: &str, dry_run: bool) -> Result<String> {
    let project = Project::load(root)?;
    let committed = Worktree::at(root).committed_project();
    if project.app(name).is_err() && committed.is_some_and(|it| it.app(name).is_ok()) {
        return Ok(format!("{name} is removed already; commit and push\n"));
    }
    let app = project.app(name)?;
    ensure!(
        app.folder() == folder(name),
        "{name} lies in {} and was not made by `new-app`; remove it by hand, and its entry in {PROJECT}",
        app.folder()
    );
    let removal = Removal::of(root, &project, name, app.kind())?;
    let is_own = |path: &str| is_of(path, name);
    let without = |path: &str, text: &str| lists::without(path, text, name);
    removal.removed.refuse(root, is_own, without)?;
    if dry_run {
        return changes::patch(&removal.removed.changes(root)?);
    }
    removal.removed.carry_out(root)?;
    Ok(removal.said())
}

/// Everything of an app that goes, and what does not.
struct Removal<'a> {
    name: &'a str,
    kind: Kind,
    // wing: hub
    /// The namespace that it runs in.
    application: String,
    // end of wing
    image: String,
    removed: Removed,
    /// Files that a person has changed or added.
    changed: Vec<String>,
}

impl<'a> Removal<'a> {
    fn of(root: &Path, project: &Project, name: &'a str, kind: Kind) -> Result<Self> {
        let (mut files, mut changed) = sorted(root, project, name, kind)?;
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
                project_file::check_gone(&after, name)?;
            }
            edited.push(Change {
                path: (*path).to_owned(),
                after: Some(after),
                before: Some(before),
            });
        }
        let whole = files.iter().any(|path| path.starts_with(&krate));
        Ok(Self {
            name,
            kind,
            application: project.application().to_owned(), // wing: hub
            image: format!("{}/{name}", project.name()),
            removed: Removed {
                whole: whole.then(|| folder(name)),
                files,
                edited,
            },
            changed,
        })
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
                self.removed.files.len(),
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
        // wing: hub
        line(
            "stays",
            &format!(
                "where a hub manages the clusters, all that runs of it in each; once its Application is gone there: \
                 kubectl --namespace {} delete {RUNS} --selector app.kubernetes.io/name={name}",
                self.application
            ),
        );
        // end of wing
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

/// Files of the app that are as they were made, and those that are not. The templates may have
/// changed since, so a file is also as it was made if it is what they were in a commit that added
/// one of the files.
fn sorted(root: &Path, project: &Project, name: &str, kind: Kind) -> Result<(Vec<String>, Vec<String>)> {
    let there = gitkit::files(root).context("list the files of the app")?;
    let there = there
        .into_iter()
        .filter(|path| is_of(path, name) && root.join(path).exists());
    let is_made_by = |made: &BTreeMap<String, String>, path: &String| {
        let text = fs::read_to_string(root.join(path)).ok();
        text.is_some_and(|text| made.get(path).is_some_and(|made| digests::same(made, &text)))
    };
    let now = template::files(root, project, name, kind)?;
    let (mut files, others): (Vec<_>, Vec<_>) = there.partition(|path| is_made_by(&now, path));
    let worktree = Worktree::at(root);
    let commits: BTreeSet<_> = others.iter().filter_map(|path| worktree.added(path)).collect();
    let former = commits
        .iter()
        .map(|commit| template::files_of(commit, root, project, name, kind))
        .collect::<Result<Vec<_>>>()?;
    let was_made = |path: &String| former.iter().any(|made| is_made_by(made, path));
    let (made_before, changed): (Vec<_>, Vec<_>) = others.into_iter().partition(was_made);
    files.extend(made_before);
    Ok((files, changed))
}
