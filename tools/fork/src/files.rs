//! The files of `infra/` that a fork changes: all read before the first is written, and all written
//! or none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use gitkit::Git;
use tempfile::TempDir;
use xshell::Shell;

use super::REPOSITORY;
use super::staging::{STAGING, remove_staged};
use super::tree::Paths;
use taskkit::aws::partition::PARAMETERS;

const INFRA: &str = "infra";
const LOCAL: &str = "infra/local";
/// The facts are read from these. They are written last: until then, a run that was cut off finds
/// again what to look for.
const SOURCES: &[&str] = &[PARAMETERS, REPOSITORY];

/// Texts by their paths from the root of the repository.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts(BTreeMap<PathBuf, String>);

impl Texts {
    /// That of one file, which must be there.
    pub(super) fn text(&self, path: &str) -> Result<&str> {
        let text = self.0.get(Path::new(path)).map(String::as_str);
        text.with_context(|| format!("{path} is not there, or Git does not know it"))
    }

    pub(super) fn put(&mut self, path: &str, text: String) {
        self.0.insert(path.into(), text);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.0.iter().map(|(path, text)| (path.as_path(), text.as_str()))
    }
}

/// The texts as they are on disk.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    texts: Texts,
    /// What is no text, as a picture, is left as it is.
    others: Vec<(PathBuf, Vec<u8>)>,
}

impl std::ops::Deref for Files {
    type Target = Texts;

    fn deref(&self) -> &Texts {
        &self.texts
    }
}

impl Files {
    /// Every text of `infra/` that Git tracks; without Git, as in a downloaded archive, every text
    /// there is.
    pub(super) fn read(sh: &Shell) -> Result<Self> {
        let root = sh.current_dir();
        let paths = if root.join(".git").exists() {
            tracked(&root)?
        } else {
            found(&root, Path::new(INFRA))?
        };
        let (mut texts, mut others) = (Texts::default(), Vec::new());
        for path in paths.into_iter().filter(|path| !path.starts_with(LOCAL)) {
            let bytes = fs::read(root.join(&path)).with_context(|| format!("read {}", path.display()))?;
            match String::from_utf8(bytes) {
                Ok(text) => {
                    texts.0.insert(path, text);
                }
                Err(error) => others.push((path, error.into_bytes())),
            }
        }
        Ok(Self { root, texts, others })
    }

    /// Those that a fork changes by its facts, of a tree that is not written yet.
    pub(super) fn of(root: &Path, tree: &Paths) -> Self {
        let (mut texts, mut others) = (Texts::default(), Vec::new());
        let deployed = |path: &Path| path.starts_with(INFRA) && !path.starts_with(LOCAL);
        for (path, file) in tree.iter().filter(|(path, _)| deployed(path)) {
            match file.text() {
                Some(text) => {
                    texts.0.insert(path.clone(), text.to_owned());
                }
                None => others.push((path.clone(), file.content.clone())),
            }
        }
        let root = root.to_owned();
        Self { root, texts, others }
    }

    /// The first file that is no text and has `fact` in it.
    pub(super) fn other_with(&self, fact: &str) -> Option<&Path> {
        let has = |bytes: &[u8]| bytes.windows(fact.len()).any(|part| part == fact.as_bytes());
        let mut others = self.others.iter();
        others
            .find(|(_, bytes)| has(bytes))
            .map(|(path, _)| path.as_path())
    }

    /// All texts, each as `edit` makes it.
    pub(super) fn edited(&self, edit: impl Fn(&str) -> String) -> Texts {
        let texts = self.texts.0.iter();
        Texts(texts.map(|(path, text)| (path.clone(), edit(text))).collect())
    }

    /// Puts the texts that differ in the place of those on disk; their paths.
    pub(super) fn replace(&self, edited: &Texts) -> Result<Vec<PathBuf>> {
        remove_staged(&self.root, Path::new(INFRA))?;
        let changed = edited
            .0
            .iter()
            .filter(|(path, text)| self.texts.0.get(*path) != Some(text));
        let mut changed: Vec<_> = changed.collect();
        changed.sort_by_key(|(path, _)| SOURCES.iter().any(|source| Path::new(source) == *path));
        let staged = self.stage(&changed)?;
        for (done, (path, _)) in changed.iter().enumerate() {
            let moved = fs::rename(staged.path().join(done.to_string()), self.root.join(path));
            if let Err(error) = moved {
                self.put_back(&changed[..done])?;
                return Err(error).with_context(|| format!("write {}; nothing was changed", path.display()));
            }
        }
        let mut paths: Vec<_> = changed.into_iter().map(|(path, _)| path.clone()).collect();
        paths.sort();
        Ok(paths)
    }

    /// A folder with the new texts by their numbers, each with the rights of its file: a full disk
    /// is found out here.
    fn stage(&self, changed: &[(&PathBuf, &String)]) -> Result<TempDir> {
        let folder = tempfile::Builder::new()
            .prefix(STAGING)
            .tempdir_in(self.root.join(INFRA))
            .with_context(|| format!("make a folder in {INFRA}; nothing was changed"))?;
        for (number, (path, text)) in changed.iter().enumerate() {
            let place = folder.path().join(number.to_string());
            fs::write(&place, text)
                .and_then(|()| fs::metadata(self.root.join(path)))
                .and_then(|of| fs::set_permissions(&place, of.permissions()))
                .with_context(|| format!("prepare {}; nothing was changed", path.display()))?;
        }
        Ok(folder)
    }

    /// What was there before.
    fn put_back(&self, changed: &[(&PathBuf, &String)]) -> Result<()> {
        for (path, _) in changed {
            fs::write(self.root.join(path), &self.texts.0[*path]).with_context(|| {
                format!(
                    "put {} back; `git checkout -- {INFRA}` does it too",
                    path.display()
                )
            })?;
        }
        Ok(())
    }
}

/// The files that Git tracks and that are there: no link, which has no text of its own, and no
/// other repository.
fn tracked(root: &Path) -> Result<Vec<PathBuf>> {
    let listed = Git::at(root)
        .args(["ls-files", "--stage", "-z", "--", INFRA])
        .text()
        .with_context(|| format!("ask Git for the files of {INFRA}"))?;
    let mut paths = Vec::new();
    for entry in listed.split_terminator('\0') {
        let (about, path) = entry.split_once('\t').context("an entry of `git ls-files`")?;
        ensure!(
            about.ends_with(" 0"),
            "{path} is in conflict; resolve that first (`git status`)"
        );
        if about.starts_with("100") && root.join(path).exists() {
            paths.push(path.into());
        }
    }
    Ok(paths)
}

/// Every file below `folder`, by path from `root`.
fn found(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found_here = Vec::new();
    let entries = fs::read_dir(root.join(folder)).with_context(|| format!("list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("list {}", folder.display()))?;
        let kind = entry
            .file_type()
            .with_context(|| format!("look at {}", entry.path().display()))?;
        let path = folder.join(entry.file_name());
        if kind.is_file() {
            found_here.push(path);
        } else if kind.is_dir() && !entry.file_name().to_string_lossy().starts_with(STAGING) {
            found_here.extend(found(root, &path)?);
        }
    }
    Ok(found_here)
}
