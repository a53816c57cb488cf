//! Whether the compiler read anything for an app that is not among its inputs.
//!
//! After a build, Cargo names beside each program all files of the repository that it was made from
//! (`NAME.d`): those that rustc read, what macros included, and what build scripts watch.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::{Content, Inputs, Tree};
use crate::ci::git::Git;
use project::App;
use taskkit::build::{self, DepInfo};

/// Checks what was compiled in the checkout at `root`, where `commit` is checked out.
pub(crate) fn check_commit(git: &Git<'_>, commit: &str, root: &Path, compiled: &[DepInfo]) -> Result<()> {
    compiled
        .iter()
        .try_for_each(|one| check(root, &inputs(git, commit, one.app)?, one))
}

/// Refuses what the image of `app` is made from where it is not as `commit` has it: also a file
/// that no compiler reads.
pub(crate) fn check_unchanged(git: &Git<'_>, commit: &str, root: &Path, app: &App) -> Result<()> {
    let (inputs, tree) = (inputs(git, commit, app)?, git.tree(commit)?);
    unchanged(root, commit, |path| inputs.has(path))?;
    let public = build::bundle::public_of(app).filter(|public| root.join(public).exists());
    if let Some(folder) = public {
        let files = files_below(root, &folder)?;
        if let Some(new) = files.iter().find(|path| tree.get(path).is_none()) {
            bail!(
                "{new} is not in commit {commit}, whose name the image of {app} gets; commit it, or remove it"
            );
        }
    }
    Ok(())
}

fn inputs(git: &Git<'_>, commit: &str, app: &App) -> Result<Inputs> {
    let inputs = git.inputs(commit, app)?;
    inputs.with_context(|| format!("commit {commit} has no {app}"))
}

/// The files below `folder`, whether Git knows them or not.
fn files_below(root: &Path, folder: &str) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let list = std::fs::read_dir(root.join(folder)).with_context(|| format!("list {folder}"))?;
    for entry in list {
        let entry = entry.with_context(|| format!("list {folder}"))?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files.extend(files_below(root, &path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// Refuses a build of files that are not as `commit` has them: it would bear the name of others.
pub(crate) fn unchanged(root: &Path, commit: &str, counts: impl Fn(&str) -> bool) -> Result<()> {
    let changed = gitkit::uncommitted(root).context("ask Git what is not committed")?;
    match changed.iter().find(|path| counts(path)) {
        Some(path) => bail!("{path} is not as commit {commit} has it; commit it or take the change back"),
        None => Ok(()),
    }
}

/// Checks what was compiled from the work tree at `root`.
pub(crate) fn check_work_tree(root: &Path, compiled: &[DepInfo]) -> Result<()> {
    let tree = Tree::of_work_tree(root)?;
    let texts = |paths: &[&str]| texts(root, paths);
    let content = Content::of(&tree, &texts)?;
    for one in compiled {
        let inputs = content.inputs(one.app)?;
        let inputs = inputs.with_context(|| format!("there is no {}", one.app))?;
        check(root, &inputs, one)?;
    }
    Ok(())
}

/// The texts of files of a work tree; of a link, what it names.
pub(super) fn texts(root: &Path, paths: &[&str]) -> Result<Vec<String>> {
    let read = paths.iter().map(|path| {
        let path = root.join(path);
        if let Ok(named) = path.read_link() {
            return Ok(named.display().to_string());
        }
        let text = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    });
    read.collect()
}

/// Refuses a build for which the compiler read files of the repository at `root` that are not among
/// `inputs`: another commit would be taken for the same image although they differ.
fn check(root: &Path, inputs: &Inputs, compiled: &DepInfo) -> Result<()> {
    let read = files(root, &compiled.file)?;
    ensure!(
        !read.is_empty(),
        "{} names no file of this repository; remove it and build again",
        compiled.file.display()
    );
    let overlooked: Vec<_> = read
        .iter()
        .filter(|path| !inputs.has(path))
        .map(String::as_str)
        .collect();
    ensure!(
        overlooked.is_empty(),
        "{} is made from {}, which {} not count as its content, so a change would make no new image; commit it, name it by a plain \
         path, or declare it under [package.metadata.image] as `inputs` in the Cargo.toml of the package that reads it",
        compiled.app,
        overlooked.join(" and "),
        if overlooked.len() == 1 { "does" } else { "do" }
    );
    Ok(())
}

/// The files of the repository that a program was made from, by Cargo's list of them. What was
/// generated lies in Cargo's own folder, which may lie in the repository or the repository in it.
pub(crate) fn files(root: &Path, dep_info: &Path) -> Result<BTreeSet<String>> {
    let list = std::fs::read_to_string(dep_info).with_context(|| format!("read {}", dep_info.display()))?;
    let target = dep_info
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .filter(|folder| !root.starts_with(folder));
    let files = list
        .lines()
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(_, files)| words(files));
    let own = files
        .map(|file| plain(&root.join(file)))
        .filter(|file| !target.is_some_and(|target| file.starts_with(target)));
    Ok(own
        .filter_map(|file| file.strip_prefix(root).ok()?.to_str().map(str::to_owned))
        .collect())
}

/// The names in a line, in which a space that is part of a name has a backslash before it.
fn words(line: &str) -> Vec<PathBuf> {
    let line = line.replace("\\ ", "\0");
    line.split_whitespace()
        .map(|name| name.replace('\0', " ").into())
        .collect()
}

/// The same path without the `..` of a source that includes a file of another folder.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}
