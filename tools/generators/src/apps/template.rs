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

use taskkit::partition;

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
/// No app can be called like one of them.
pub(super) const WORDS: [&str; 4] = [ENVIRONMENT, APP, APPLICATION, REGISTRY];

/// The folders that a kind is made of.
fn layers(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Web => &["every", "server", "web"],
        Kind::Api => &["every", "server", "api"],
        Kind::Worker => &["every", "worker"],
        Kind::Cron => &["every", "cron"],
    }
}

/// The texts of a new app by their paths from the root of the repository.
pub(super) fn files(
    root: &Path,
    project: &Project,
    name: &str,
    kind: Kind,
) -> Result<BTreeMap<String, String>> {
    let registry = partition::registry(root, project)?;
    let filled = |text: &str| {
        text.replace(APP, name)
            .replace(APPLICATION, project.application())
            .replace(REGISTRY, &registry)
    };
    let mut files = BTreeMap::new();
    for layer in layers(kind) {
        let folder = root.join(FOLDER).join(layer);
        for path in found(&folder, Path::new(""))? {
            let text = fs::read_to_string(folder.join(&path))
                .with_context(|| format!("read {FOLDER}/{layer}/{path}"))?;
            let (path, text) = (filled(&path), filled(&text));
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
