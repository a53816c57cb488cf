//! The files of the last commit, and what is to take their place in the work tree.
//!
//! What is written follows from the commit and the options alone. A run that was cut off leaves
//! some files as they were committed and others as they shall be; the same command finds both and
//! goes on. Any other change in the work tree belongs to somebody, so nothing is written over it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use gitkit::Git;
use taskkit::removal::remove_file;

use super::staging::{STAGING, remove_staged};

/// How many paths an error lists.
const LISTED: usize = 10;

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) content: Vec<u8>,
    executable: bool,
}

/// Files by their paths from the root of the repository.
pub(super) type Paths = BTreeMap<PathBuf, File>;

/// A checkout whose work tree differs from its last commit in nothing, or in files that are named.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
    /// As committed.
    files: Paths,
    /// What the work tree, or what is staged, has differently.
    touched: BTreeSet<PathBuf>,
}

impl File {
    /// None of a picture.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.content).ok()
    }

    /// One of this content.
    pub(super) fn new(content: Vec<u8>, executable: bool) -> Self {
        Self { content, executable }
    }

    /// Whether it is a program.
    pub(super) fn is_executable(&self) -> bool {
        self.executable
    }

    /// A file that is no program.
    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        Self {
            content: text.as_bytes().to_vec(),
            executable: false,
        }
    }

    /// The same file with another text.
    pub(super) fn with(&self, text: String) -> Self {
        let content = text.into_bytes();
        Self { content, ..*self }
    }
}

impl Tree {
    /// Of the checkout at `root`.
    pub(super) fn read(root: &Path) -> Result<Self> {
        ensure!(
            root.join(".git").exists(),
            "this folder is no Git repository, so nothing could be taken back; run \
             `git init && git add --all && git commit` first"
        );
        let touched = touched(root)?;
        let mut files = Paths::new();
        for (path, executable) in committed(root)? {
            let content = if touched.contains(&path) {
                let object = format!("HEAD:{}", path.display());
                Git::at(root).args(["cat-file", "blob", &object]).bytes()?
            } else {
                fs::read(root.join(&path)).with_context(|| format!("read {}", path.display()))?
            };
            files.insert(path, File { content, executable });
        }
        let root = root.to_owned();
        Ok(Self { root, files, touched })
    }

    /// As committed.
    pub(super) fn files(&self) -> &Paths {
        &self.files
    }

    /// What the work tree, or what is staged, has differently from the commit.
    pub(super) fn touched(&self) -> &BTreeSet<PathBuf> {
        &self.touched
    }

    /// Text of one file as committed.
    pub(super) fn text(&self, path: &str) -> Result<&str> {
        let text = self.files.get(Path::new(path)).and_then(File::text);
        text.with_context(|| format!("{path} is not committed"))
    }

    /// Brings the work tree to `wanted`; the paths of what was written and removed.
    pub(super) fn bring_to(&self, wanted: &Paths) -> Result<Vec<PathBuf>> {
        let differ = |path: &&PathBuf| self.files.get(*path) != wanted.get(*path);
        let mut changed: Vec<&PathBuf> = all_paths(&self.files, wanted)
            .into_iter()
            .filter(differ)
            .collect();
        self.check_untouched(wanted, &changed)?;
        changed.retain(|path| self.on_disk(path).as_ref() != wanted.get(*path));
        self.check_writable(&changed)?;
        let staging = self.stage(wanted, &changed)?;
        for (number, path) in changed.iter().enumerate() {
            let place = self.root.join(path);
            if wanted.contains_key(*path) {
                let folder = place.parent().context("a file has a folder")?;
                fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
                fs::rename(staging.path().join(number.to_string()), &place)
                    .with_context(|| format!("write {}; run this again", path.display()))?;
            } else {
                self.remove(path)?;
            }
        }
        Ok(changed.into_iter().cloned().collect())
    }

    /// Whether each file that differs from the commit is already what it shall be.
    fn check_untouched(&self, wanted: &Paths, changed: &[&PathBuf]) -> Result<()> {
        let others: Vec<_> = changed
            .iter()
            .copied()
            .filter(|path| !self.files.contains_key(*path))
            .chain(&self.touched)
            .filter(|path| {
                let there = self.on_disk(path);
                there.as_ref() != wanted.get(*path) && there.as_ref() != self.files.get(*path)
            })
            .map(|path| path.display().to_string())
            .collect();
        ensure!(
            others.is_empty(),
            "the work tree has changes that are not committed; commit them or put them away (`git stash`), and run this \
             again; nothing was written: {}",
            listed(&others)
        );
        Ok(())
    }

    /// Whether each folder lets its files be put and removed. A file without a name is made in it,
    /// which nobody sees, because permissions alone do not say so.
    fn check_writable(&self, changed: &[&PathBuf]) -> Result<()> {
        let mut folders = BTreeSet::new();
        for path in changed {
            let mut above = path.ancestors().skip(1);
            folders.extend(above.find(|folder| self.root.join(folder).is_dir()));
        }
        for folder in folders {
            let shown = if folder == Path::new("") {
                Path::new(".")
            } else {
                folder
            };
            tempfile::tempfile_in(self.root.join(folder)).with_context(|| {
                format!(
                    "files of the folder {} cannot be replaced; nothing was written",
                    shown.display()
                )
            })?;
        }
        Ok(())
    }

    fn on_disk(&self, path: &Path) -> Option<File> {
        let place = self.root.join(path);
        let about = fs::symlink_metadata(&place).ok()?;
        Some(File {
            content: fs::read(&place).unwrap_or_default(),
            executable: about.permissions().mode() & 0o100 != 0,
        })
    }

    /// A folder with the new files by their numbers: a full disk is found out before the first
    /// takes its place.
    fn stage(&self, wanted: &Paths, changed: &[&PathBuf]) -> Result<tempfile::TempDir> {
        remove_staged(&self.root, Path::new("."))?;
        let folder = tempfile::Builder::new()
            .prefix(STAGING)
            .tempdir_in(&self.root)
            .context("make a folder; nothing was written")?;
        for (number, path) in changed.iter().enumerate() {
            let Some(file) = wanted.get(*path) else { continue };
            let place = folder.path().join(number.to_string());
            let mode = if file.executable { 0o755 } else { 0o644 };
            fs::write(&place, &file.content)
                .and_then(|()| fs::set_permissions(&place, fs::Permissions::from_mode(mode)))
                .with_context(|| format!("prepare {}; nothing was written", path.display()))?;
        }
        Ok(folder)
    }

    /// Removes a file, and each folder that it was the last one of.
    fn remove(&self, path: &Path) -> Result<()> {
        remove_file(&self.root.join(path)).context("a file is left over; run this again")?;
        let folders = path.ancestors().skip(1).filter(|folder| *folder != Path::new(""));
        for folder in folders {
            if fs::remove_dir(self.root.join(folder)).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Every path of both.
fn all_paths<'p>(one: &'p Paths, other: &'p Paths) -> BTreeSet<&'p PathBuf> {
    one.keys().chain(other.keys()).collect()
}

/// A file of a commit as Git lists it.
#[derive(Debug)]
pub(super) struct Entry<'l> {
    pub(super) path: &'l str,
    /// The name of its content.
    pub(super) object: &'l str,
    pub(super) mode: &'l str,
}

impl Entry<'_> {
    /// Whether it is a program.
    pub(super) fn is_executable(&self) -> bool {
        self.mode == "100755"
    }
}

/// What `git ls-tree -r -z` printed: links and other repositories too.
pub(super) fn entries(listed: &str) -> Result<Vec<Entry<'_>>> {
    let read = |line| read(line).context("an entry of `git ls-tree`");
    listed.split_terminator('\0').map(read).collect()
}

fn read(line: &str) -> Option<Entry<'_>> {
    let (about, path) = line.split_once('\t')?;
    let ((mode, _), (_, object)) = about.split_once(' ').zip(about.rsplit_once(' '))?;
    Some(Entry { path, object, mode })
}

/// The same without links, which have no text of their own, and without other repositories.
pub(super) fn regular(listed: &str) -> Result<Vec<Entry<'_>>> {
    let mut entries = entries(listed)?;
    entries.retain(|entry| entry.mode.starts_with("100"));
    Ok(entries)
}

/// The files of the last commit, and whether each is a program.
fn committed(root: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let listed = Git::at(root)
        .args(["ls-tree", "-r", "-z", "--full-tree", "HEAD"])
        .text()
        .context("ask Git for the files of the last commit; without one, commit first")?;
    let files = regular(&listed)?.into_iter();
    Ok(files
        .map(|entry| (entry.path.into(), entry.is_executable()))
        .collect())
}

/// What differs from the last commit, staged or not.
fn touched(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let paths = gitkit::uncommitted(root).context("ask Git what is not committed")?;
    Ok(paths.into_iter().map(PathBuf::from).collect())
}

/// The first of them, and how many more.
pub(super) fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let first = names[..names.len() - more].join(", ");
    if more == 0 {
        first
    } else {
        format!("{first}, and {more} more")
    }
}

#[cfg(test)]
mod tests;
