//! Rust as `rustfmt` has it, after words of another length stand in it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, ensure};

use super::tree::{Paths, Tree};
use crate::env;

/// `files`, of which those of Rust that differ from the commit are formatted.
pub(super) fn formatted(tree: &Tree, root: &Path, mut files: Paths) -> Result<Paths> {
    for (path, file) in &mut files {
        let is_rust = path.extension().is_some_and(|ending| ending == "rs");
        if !is_rust || tree.files().get(path) == Some(file) {
            continue;
        }
        let text = rustfmt(root, &file.content).with_context(|| format!("format {}", path.display()))?;
        file.content = text;
    }
    Ok(files)
}

fn rustfmt(root: &Path, text: &[u8]) -> Result<Vec<u8>> {
    let mut command = Command::new("rustfmt");
    command
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(env::is_cargo_noise) {
            command.env_remove(name);
        }
    }
    let mut child = command
        .spawn()
        .context("start rustfmt (`rustup component add rustfmt`)")?;
    let mut stdin = child.stdin.take().context("rustfmt reads what it is given")?;
    // It writes before it has read everything.
    let output = thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.write_all(text));
        let output = child.wait_with_output();
        drop(writer.join());
        output
    });
    let output = output.context("wait for rustfmt")?;
    ensure!(
        output.status.success(),
        "rustfmt: {}; nothing was written",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(output.stdout)
}
