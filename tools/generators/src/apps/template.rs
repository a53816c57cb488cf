//! The files of an app, from `tools/generators/templates/app`: plain YAML and Rust with a few words
//! in the place of names.
//!
//! A kind is a stack of folders, each laid out like the repository; a file of a later one takes the
//! place of the same file of an earlier one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use project::{Kind, Project};

use taskkit::aws::partition;

use crate::worktree::Worktree;

/// Where the templates are, from the root of the repository.
pub(super) const FOLDER: &str = "tools/generators/templates/app";

/// What stands for the name of the environment, in paths too.
const ENVIRONMENT: &str = "environment-name";
/// For that of the app, in paths too.
const APP: &str = "app-name";
/// For what all apps are together.
const APPLICATION: &str = "application-name";
/// For the registry of the images.
const REGISTRY: &str = "registry-name";
/// For the branch that manifests are read from.
const BRANCH: &str = "branch-name";
/// No app can be called like one of them.
pub(super) const WORDS: [&str; 5] = [ENVIRONMENT, APP, APPLICATION, REGISTRY, BRANCH];

/// The folders that a kind is made of.
fn layers(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Web => &["every", "server", "web"],
        Kind::Api => &["every", "server", "api"],
        Kind::Worker => &["every", "worker"],
        Kind::Cron => &["every", "cron"],
    }
}

/// Texts by their paths.
type Texts = BTreeMap<String, String>;

/// The texts of a new app by their paths from the root of the repository.
pub(super) fn files(root: &Path, project: &Project, name: &str, kind: Kind) -> Result<Texts> {
    let folder = root.join(FOLDER);
    let mut templates = Texts::new();
    for layer in layers(kind) {
        for path in found(&folder, Path::new(layer))? {
            let text =
                fs::read_to_string(folder.join(&path)).with_context(|| format!("read {FOLDER}/{path}"))?;
            templates.insert(path, text);
        }
    }
    filled(&templates, root, project, name, kind)
}

/// The same by the templates that a commit has; none where it has no such folder.
pub(super) fn files_of(
    commit: &str,
    root: &Path,
    project: &Project,
    name: &str,
    kind: Kind,
) -> Result<Texts> {
    let worktree = Worktree::at(root);
    let there = worktree.all_at(commit, worktree.below(commit, FOLDER)?)?;
    let template = |(path, text): (String, String)| {
        let path = path.strip_prefix(FOLDER)?.strip_prefix('/')?;
        Some((path.to_owned(), text))
    };
    let templates = there.into_iter().filter_map(template).collect();
    filled(&templates, root, project, name, kind)
}

/// What the templates make, which have paths from their folder.
fn filled(templates: &Texts, root: &Path, project: &Project, name: &str, kind: Kind) -> Result<Texts> {
    let registry = registry(root, project)?;
    let filled = |text: &str| {
        text.replace(APP, name)
            .replace(APPLICATION, project.application())
            .replace(REGISTRY, &registry)
            .replace(BRANCH, project.first().branch())
    };
    let mut files = Texts::new();
    for layer in layers(kind) {
        let of_layer = templates.iter().filter_map(|(path, text)| {
            let path = path.strip_prefix(*layer)?.strip_prefix('/')?;
            Some((filled(path), filled(text)))
        });
        for (path, text) in of_layer {
            if !path.contains(ENVIRONMENT) {
                files.insert(path, text);
                continue;
            }
            for environment in project.environments() {
                let of = |text: &str| text.replace(ENVIRONMENT, environment.name());
                files.insert(of(&path), of(&text));
            }
        }
    }
    Ok(files)
}

/// Where the images lie: those of the other apps may not be in ECR.
fn registry(root: &Path, project: &Project) -> Result<String> {
    let written = project.apps().iter().find_map(|app| {
        let overlay = fs::read_to_string(root.join(app.overlay(project.first()))).ok()?;
        let mut lines = overlay.lines();
        let image = lines.find_map(|line| line.trim().strip_prefix("newName: "))?;
        let image = image.trim_matches(['"', '\'']);
        Some(image.strip_suffix(app.name())?.strip_suffix('/')?.to_owned())
    });
    written.map_or_else(|| partition::registry(root, project), Ok)
}

/// The paths of all files below `folder`, from there.
fn found(folder: &Path, below: &Path) -> Result<Vec<String>> {
    let here = folder.join(below);
    let mut paths = Vec::new();
    for entry in fs::read_dir(&here).with_context(|| format!("list {}", here.display()))? {
        let entry = entry.with_context(|| format!("list {}", here.display()))?;
        let path = below.join(entry.file_name());
        if entry.path().is_dir() {
            paths.extend(found(folder, &path)?);
        } else {
            paths.push(path.display().to_string());
        }
    }
    Ok(paths)
}
