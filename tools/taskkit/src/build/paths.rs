//! Folders of this machine under names that are the same on every machine: rustc writes the paths
//! of source files into binaries, and the same content is to give the same image wherever it is
//! compiled.

use std::env::{home_dir, var_os};
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use xshell::Shell;

use crate::checkout;

/// rustc's flags that rename them.
pub(crate) fn renamed(sh: &Shell) -> Result<String> {
    let home = var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(home_dir()?.join(".cargo")));
    let home = home.context("find cargo's home: neither CARGO_HOME nor HOME is set")?;
    // The last that fits counts, and the one may lie in the other.
    let folders = [
        (checkout::absolute(sh, &home), "/cargo"),
        (sh.current_dir(), "/source"),
        (checkout::target_dir(sh)?, "/target"),
        // GitLab keeps cargo's home in the checkout.
        (checkout::absolute(sh, &home).join("registry"), "/cargo/registry"),
    ];
    let flags: Vec<_> = folders
        .iter()
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()))
        .collect();
    let spaced = flags.iter().find(|flag| flag.contains(char::is_whitespace));
    ensure!(
        spaced.is_none(),
        "cargo takes no flag with a space in it; put the checkout, cargo's home and its target folder into folders without: {}",
        spaced.map_or("", String::as_str)
    );
    Ok(flags.join(" "))
}
