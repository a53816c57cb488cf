//! The files that are there before and name an app: `project.toml`, `Cargo.lock`, and the
//! Applications of a cluster.
//!
//! They are edited as text: comments and order of all else stay.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use project::{FILE as PROJECT, Kind};

use crate::tables::{self, name_in, quoted, uncommented, without_named};

pub(super) const LOCK: &str = "Cargo.lock";
pub(super) const APPLICATIONS: &str = "infra/apps/base/kustomization.yaml";

/// In the order in which they are written: nothing but `project.toml` says that there is an app.
pub(super) const ALL: &[&str] = &[LOCK, APPLICATIONS, PROJECT];

/// Begins an entry of `project.toml` and of the lock file.
const APP: &str = "[[apps]]";
const PACKAGE: &str = "[[package]]";
/// Begins the list of files in a kustomization.
const RESOURCES: &str = "resources:";

/// The list in file `path` with the app in it; `manifest` is its `Cargo.toml`.
pub(super) fn with(path: &str, text: &str, name: &str, kind: Kind, manifest: &str) -> Result<String> {
    let plain = tables::with_plain_ends(text);
    let edited = match path {
        LOCK => with_package(&plain, name, manifest),
        APPLICATIONS => with_item(&plain, RESOURCES, &resource(name)),
        _ => Ok(with_app(&plain, name, kind)),
    };
    let edited = edited.map(|edited| tables::with_ends_of(text, &edited));
    edited.with_context(|| format!("enter {name} into {path}"))
}

/// The list in file `path` without the app.
pub(super) fn without(path: &str, text: &str, name: &str) -> String {
    let plain = tables::with_plain_ends(text);
    let edited = match path {
        LOCK => without_named(&plain, PACKAGE, name),
        APPLICATIONS => without_item(&plain, &resource(name)),
        _ => without_named(&plain, APP, name),
    };
    tables::with_ends_of(text, &edited)
}

fn with_app(text: &str, name: &str, kind: Kind) -> String {
    format!(
        "{}\n\n{APP}\nname = \"{name}\"\nkind = \"{kind}\"\npackage = \"{name}\"\nfolder = \"apps/{name}\"\n",
        text.trim_end()
    )
}

fn resource(name: &str) -> String {
    format!("- {name}.yaml")
}

/// After the last entry of the list below `header`, indented like that one.
fn with_item(text: &str, header: &str, item: &str) -> Result<String> {
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    let start = lines.iter().position(|line| line.trim() == header);
    let start = start.with_context(|| format!("it has no line `{header}`"))?;
    let is_entry = |line: &&str| line.trim_start().starts_with("- ");
    let is_between = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let block = lines[start + 1..]
        .iter()
        .take_while(|line| is_entry(line) || is_between(line));
    let block: Vec<_> = block.collect();
    let last = block.iter().rposition(|line| is_entry(line));
    let last = last.with_context(|| format!("it has no entry below `{header}`"))?;
    let indent = block[last].len() - block[last].trim_start().len();
    let entry = format!("{}{item}\n", &block[last][..indent]);
    lines.insert(start + 1 + last + 1, &entry);
    Ok(lines.concat())
}

/// Without its entry, and what a person wrote behind it on the line.
fn without_item(text: &str, item: &str) -> String {
    let is_other = |line: &&str| uncommented(line) != item;
    text.split_inclusive('\n').filter(is_other).collect()
}

/// As cargo would write it: packages are sorted by name, and each names those it uses.
fn with_package(lock: &str, name: &str, manifest: &str) -> Result<String> {
    let mut uses = BTreeSet::new();
    for used in dependencies(manifest)? {
        ensure!(
            lock.matches(&format!("\nname = \"{used}\"\n")).count() == 1,
            "it has no one version of {used}, which the template uses; run `cargo metadata` and try again"
        );
        uses.insert(format!(" \"{used}\",\n"));
    }
    let version = workspace_version(lock)?;
    let uses: String = uses.into_iter().collect();
    let entry =
        format!("{PACKAGE}\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = [\n{uses}]\n\n");
    let later = lock.match_indices(PACKAGE).find(|(at, _)| {
        let other = name_in(&lock[*at..]);
        other.is_some_and(|other| other > name)
    });
    Ok(match later {
        Some((at, _)) => format!("{}{entry}{}", &lock[..at], &lock[at..]),
        None => format!("{}\n\n{}", lock.trim_end(), entry.trim_end()) + "\n",
    })
}

/// What a manifest depends on, its tests too.
fn dependencies(manifest: &str) -> Result<BTreeSet<String>> {
    let manifest: toml::Table = manifest.parse().context("read the manifest of the app")?;
    let tables = ["dependencies", "dev-dependencies"].into_iter();
    let tables = tables.filter_map(|table| manifest.get(table)?.as_table());
    Ok(tables.flat_map(toml::Table::keys).cloned().collect())
}

/// That of the packages of the workspace: of this one, which has no source.
fn workspace_version(lock: &str) -> Result<&str> {
    let own = lock.split(PACKAGE).find(|entry| name_in(entry) == Some("xtask"));
    let version = own.and_then(|entry| quoted(entry, "version = "));
    version.context("it has no package `xtask`")
}

/// Every package that the lock file names.
pub(super) fn packages(lock: &str) -> BTreeSet<&str> {
    lock.split(PACKAGE).skip(1).filter_map(name_in).collect()
}
