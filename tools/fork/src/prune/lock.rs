//! `Cargo.lock` without the packages that nothing needs any more, as cargo itself makes it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::tree::{File, Paths};
use taskkit::checkout;

const FILE: &str = "Cargo.lock";

/// `files` with the lock file that fits their manifests: the same versions, and nothing that is not
/// needed.
pub(crate) fn locked(mut files: Paths) -> Result<Paths> {
    let folder = tempfile::tempdir().context("make a folder")?;
    // All of them: a pattern among the members may match a folder that has no package yet.
    for (path, file) in &files {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().context("a file has a folder")?)
            .and_then(|()| fs::write(&place, &file.content))
            .with_context(|| format!("write {}", place.display()))?;
    }
    let text = lock_of(folder.path()).context("nothing was written")?;
    let lock = files.get(Path::new(FILE)).map(|file: &File| file.with(text));
    if let Some(lock) = lock {
        files.insert(FILE.into(), lock);
    }
    Ok(files)
}

/// The lock file that cargo makes of that in `folder`, which has all files of a workspace. What was
/// downloaded is mostly enough; a new machine lacks the packages of other systems, and an update
/// may bring a new one.
pub(crate) fn lock_of(folder: &Path) -> Result<String> {
    made(folder, &["--offline"]).or_else(|_| made(folder, &[]))
}

fn made(folder: &Path, options: &[&str]) -> Result<String> {
    let mut metadata = Command::new("cargo");
    metadata
        .args(["metadata", "--format-version", "1"])
        .args(options)
        .current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(checkout::is_cargo_noise) {
            metadata.env_remove(name);
        }
    }
    let output = metadata.output().context("start cargo")?;
    ensure!(
        output.status.success(),
        "cargo cannot make the lock file: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    fs::read_to_string(folder.join(FILE)).context("read the new Cargo.lock")
}
