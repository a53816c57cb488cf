//! What images are made from: the inputs of an app's fingerprint, as one commit has them.
//!
//! Two commits with the same fingerprint have the same image, so the second is never built and a
//! promotion finds what staging runs. No list says what counts. From the packages of an app,
//! `Cargo.lock` leads to those that they are compiled with, and the sources to the files that they
//! include. Whether anything was overlooked is asked of the compiler after each build (`read.rs`).

mod lock;
mod manifest;
mod mentions;
pub(crate) mod read;
// wing: release-tests
#[cfg(test)]
mod tests;
// end of wing
mod tree;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use project::App;

use self::lock::{Lock, Reached};
use self::manifest::Package;
pub(crate) use self::tree::{Tree, folder_of};
use self::tree::{is_within, resolved};
use crate::ci::apps;
use crate::environment::{apps as all_apps, environments};
use taskkit::build;

/// The versions of everything, of which each app has a part.
pub(crate) const LOCK: &str = "Cargo.lock";
pub(crate) const MANIFEST: &str = "Cargo.toml";
/// How everything is compiled: cargo's settings, those of the workspace, the compiler if the
/// repository names one, and the code that calls them.
pub(crate) const SETTINGS: &[&str] = &[
    ".cargo",
    LOCK,
    MANIFEST,
    build::FOLDER,
    "rust-toolchain",
    "rust-toolchain.toml",
];
/// Prose beside the code changes no image, unless a source includes it.
pub(crate) const PROSE: &str = ".md";

/// The files that CI writes.
pub(crate) fn overlays() -> impl Iterator<Item = String> {
    let each = |app: &'static App| environments().iter().map(|environment| app.overlay(environment));
    all_apps().iter().flat_map(each)
}

/// What the names of sources end in.
const SOURCE: &str = ".rs";

/// Gives the texts of files by the names of their contents.
pub(crate) type Texts<'a> = dyn Fn(&[&str]) -> Result<Vec<String>> + 'a;

/// All that is known of what the images of one commit are made from.
pub(crate) struct Content<'a> {
    tree: &'a Tree,
    texts: &'a Texts<'a>,
    packages: Vec<Package>,
    lock: Option<Lock>,
}

/// What the image of one app is made from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inputs {
    files: BTreeSet<String>,
    /// Its part of `Cargo.lock`, where that can be told.
    versions: Option<String>,
    /// The folders of its packages, and files that lie in none of them.
    pub(crate) places: BTreeSet<String>,
}

impl<'a> Content<'a> {
    pub(crate) fn of(tree: &'a Tree, texts: &'a Texts<'a>) -> Result<Self> {
        let is_manifest = |path: &&str| path.rsplit('/').next() == Some(MANIFEST);
        let manifests: Vec<_> = tree.paths().filter(is_manifest).collect();
        let wanted = manifests.iter().chain([&LOCK]).filter_map(|path| tree.get(path));
        let mut read = texts(&wanted.map(|entry| entry.id.as_str()).collect::<Vec<_>>())?;
        let lock = if tree.get(LOCK).is_some() {
            read.pop()
        } else {
            None
        };
        let read: Vec<_> = manifests
            .into_iter()
            .zip(read.iter().map(String::as_str))
            .collect();
        Ok(Self {
            tree,
            texts,
            packages: manifest::packages(&read),
            lock: lock.and_then(|text| Lock::read(&text)),
        })
    }

    /// The inputs of `app`; none if the commit is older than the app, or later than its end.
    pub(crate) fn inputs(&self, app: &App) -> Result<Option<Inputs>> {
        if self.tree.at(app.folder()).is_empty() {
            return Ok(None);
        }
        let lock = self.lock.as_ref();
        let Some(reached) = lock.and_then(|lock| lock::reached(lock, &self.packages, &apps::roots(app)))
        else {
            return Ok(Some(self.all()));
        };
        let code = self.tree.paths().filter(|path| !path.ends_with(PROSE));
        let mut files: BTreeSet<_> = code
            .filter(|path| self.is_part(path, app, &reached.own))
            .collect();
        let declared = reached.own.iter().flat_map(|package| &package.inputs);
        files.extend(declared.flat_map(|place| self.tree.at(place)));
        self.add_mentioned(&mut files)?;
        Ok(Some(Inputs::of(&files, app, reached)))
    }

    /// Where the packages of an app are not understood, everything may be an input, but not what CI
    /// writes: its own releases would be something to release.
    fn all(&self) -> Inputs {
        let overlays: BTreeSet<_> = overlays().collect();
        let files = self
            .tree
            .paths()
            .filter(|path| !path.ends_with(PROSE) && !overlays.contains(*path));
        Inputs {
            files: files.map(str::to_owned).collect(),
            versions: None,
            places: BTreeSet::from([String::new()]),
        }
    }

    /// Whether the file is one of the settings, of one of the packages `own`, or of the app's
    /// folder without being of another package there.
    fn is_part(&self, path: &str, app: &App, own: &[&Package]) -> bool {
        if SETTINGS.iter().any(|place| is_within(path, place)) {
            return true;
        }
        let innermost = self.package_of(path);
        if innermost.is_some_and(|package| own.contains(&package)) {
            return true;
        }
        let is_others = innermost.is_some_and(|package| is_within(&package.folder, app.folder()));
        is_within(path, app.folder()) && !is_others
    }

    /// Adds what the sources and links among `files` name, and what those name in turn.
    fn add_mentioned<'f>(&'f self, files: &mut BTreeSet<&'f str>) -> Result<()> {
        let mut fresh: Vec<&str> = files.iter().copied().collect();
        while !fresh.is_empty() {
            let readable: Vec<_> = fresh
                .iter()
                .filter_map(|path| Some((*path, self.tree.get(path)?)))
                .filter(|(path, entry)| entry.is_link() || path.ends_with(SOURCE))
                .collect();
            let texts = (self.texts)(
                &readable
                    .iter()
                    .map(|(_, entry)| entry.id.as_str())
                    .collect::<Vec<_>>(),
            )?;
            let mut named = BTreeSet::new();
            for ((path, entry), text) in readable.iter().zip(&texts) {
                if entry.is_link() {
                    named.extend(resolved(folder_of(path), text.trim_end()));
                } else {
                    let package = self.package_of(path).map_or("", |package| &package.folder);
                    named.extend(mentions::of(text, path, package));
                }
            }
            let found = named.iter().flat_map(|named| self.tree.at(named));
            fresh = found.filter(|path| files.insert(path)).collect();
        }
        Ok(())
    }

    /// The package that the file is of.
    fn package_of(&self, path: &str) -> Option<&Package> {
        let packages = self.packages.iter();
        let around = packages.filter(|package| is_within(path, &package.folder));
        around.max_by_key(|package| package.folder.len())
    }
}

impl Inputs {
    fn of(files: &BTreeSet<&str>, app: &App, reached: Reached<'_>) -> Self {
        let folders = reached.own.iter().map(|package| package.folder.as_str());
        let folders: BTreeSet<_> = folders
            .chain(SETTINGS.iter().copied())
            .chain([app.folder()])
            .collect();
        let is_apart = |file: &&&str| !folders.iter().any(|folder| is_within(file, folder));
        let places = files.iter().filter(is_apart).chain(&folders);
        Self {
            places: places.map(|&place| place.to_owned()).collect(),
            files: files.iter().map(|&file| file.to_owned()).collect(),
            versions: Some(reached.text),
        }
    }

    /// Prose that a source includes.
    pub(crate) fn prose(&self) -> impl Iterator<Item = &str> {
        let files = self.files.iter().map(String::as_str);
        files.filter(|path| path.ends_with(PROSE))
    }

    /// Whether the file is one of them.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// All of it in one text, which differs if anything does.
    pub(crate) fn text(&self, tree: &Tree) -> String {
        let mut text = String::new();
        for path in &self.files {
            match (&self.versions, tree.get(path)) {
                (Some(versions), _) if path == LOCK => text.push_str(versions),
                (_, Some(entry)) => {
                    // Writing to a string cannot fail.
                    let _ = writeln!(text, "{} {}\t{path}", entry.mode, entry.id);
                }
                (_, None) => {}
            }
        }
        text
    }
}
