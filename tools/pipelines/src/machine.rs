//! Programs on this machine as a hosted runner would start them: without what cargo and Git told
//! this process, and with an end to all that they start.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context as _, Result};
use child_process::{ProcessTree, log};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// A command in a process group of its own.
pub(crate) fn command(
    program: impl AsRef<std::ffi::OsStr>,
    folder: &Path,
    variables: &BTreeMap<String, String>,
) -> Command {
    let mut command = Command::new(program);
    for name in std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| is_ours(name))
    {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .envs(variables)
        // So that the end reaches the compilers too.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Runs `command` to its end; each line that it prints to stdout goes through `read` into the log,
/// what it prints to stderr goes there as it is.
pub(crate) async fn follow(
    mut command: Command,
    log: &Path,
    mut read: impl FnMut(&str) -> String,
) -> Result<ExitStatus> {
    let mut file = log::open(log)?;
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file.try_clone().context("share the log")?)
        .spawn()
        .with_context(|| format!("start {}", command.as_std().get_program().display()))?;
    // Runners start each step in a group of its own.
    let mut tree = ProcessTree(child);
    let output = tree.0.stdout.take().context("stdout is piped")?;
    let mut lines = BufReader::new(output).split(b'\n');
    while let Some(line) = lines.next_segment().await.context("read a runner's output")? {
        let line = read(&String::from_utf8_lossy(&line));
        writeln!(file, "{}", line.trim_end()).context("write to the log")?;
    }
    tree.0.wait().await.context("wait for a runner")
}

/// Variables of this process that a hosted CI would not have: what cargo tells the program it runs,
/// and git's overrides.
fn is_ours(name: &str) -> bool {
    const CARGO: [&str; 8] = [
        "CARGO",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_DIR",
        "LD_LIBRARY_PATH",
        "OUT_DIR",
    ];
    const PREFIXES: [&str; 5] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CFG_",
        "GIT_",
    ];
    CARGO.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
