//! Files of a commit, as they were committed.
//!
//! Not by `git archive` or a checkout: attributes, also those of the person who runs this, leave
//! files out there or change them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path};

use anyhow::{Context as _, Result, ensure};
use gitkit::{Checkout, View};
use xshell::Shell;

/// Writes what `commit` has below `folder` into `target`.
pub(super) fn write(sh: &Shell, commit: &str, folder: &str, target: &Path) -> Result<()> {
    let checkout = Checkout::of(&sh.cmd(gitkit::PROGRAM).into());
    let commit = checkout.commit(commit)?;
    let view = checkout.view("origin")?;
    let listed = view
        .git(&["ls-tree", "-r", "-z", "--full-tree", &commit, "--", folder])
        .text()?;
    let entries = listed
        .split_terminator('\0')
        .filter_map(|line| line.split_once('\t'));
    // What another repository holds has no content here.
    let entries = entries.filter(|(facts, _)| !facts.starts_with("160000 "));
    let entries: Vec<_> = entries.collect();
    ensure!(!entries.is_empty(), "it has no files there");
    let contents = contents(
        &view,
        entries
            .iter()
            .map(|(facts, _)| facts.rsplit(' ').next().unwrap_or_default()),
    )?;
    for ((facts, path), content) in entries.into_iter().zip(contents) {
        place(&target.join(inside(path)?), facts, &content).with_context(|| format!("write {path}"))?;
    }
    Ok(())
}

/// A path that stays below the folder it is joined to.
fn inside(path: &str) -> Result<&Path> {
    let path = Path::new(path);
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    ensure!(
        path.components().all(plain),
        "{} leaves its folder",
        path.display()
    );
    Ok(path)
}

fn place(file: &Path, facts: &str, content: &[u8]) -> Result<()> {
    fs::create_dir_all(file.parent().context("a file lies in a folder")?)?;
    if facts.starts_with("120000 ") {
        let target = str::from_utf8(content).context("the target of a link is UTF-8")?;
        return Ok(symlink(target, file)?);
    }
    Ok(fs::write(file, content)?)
}

/// What the blobs hold, in their order, all by one process.
fn contents<'a>(view: &View, blobs: impl Iterator<Item = &'a str>) -> Result<Vec<Vec<u8>>> {
    let blobs: Vec<_> = blobs.collect();
    let found = view.contents(blobs.iter().copied())?;
    let found = blobs.iter().zip(found);
    let contents = found.map(|(blob, found)| found.with_context(|| format!("Git has no content for {blob}")));
    contents.collect()
}
