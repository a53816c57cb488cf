//! Programs on this machine as a hosted runner would start them: without what cargo, Git and a
//! person told this process, and with an end to all that they start.

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
    for name in names().filter(|name| is_ours(name) || is_setting(name)) {
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

/// Variables of this process by which a person has set up the release verbs (`docs/CI.md`) or AWS'
/// clients for work by hand: a run of CI here has settings of its own.
pub fn settings_of_this_process() -> impl Iterator<Item = String> {
    names().filter(|name| is_setting(name))
}

fn names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

fn is_setting(name: &str) -> bool {
    const NAMES: [&str; 5] = [
        "FORGE",
        "IMAGE_REGISTRY",
        "INFRA_REMOTE",
        "SIGNING_KEY",
        "SOURCE_TOKEN",
    ];
    const PREFIXES: [&str; 5] = ["AWS_", "COSIGN_", "FORGE_", "REGISTRY_", "RELEASE_"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A run of the e2e would otherwise push to the manifests that a person's shell names.
    #[test]
    fn settings_of_a_person_do_not_reach_a_run_of_ci() {
        // What the machine has, as its engine and its authorities, a runner has too.
        let of_machine = [
            "SSL_CERT_FILE",
            "CONTAINER_ENGINE",
            "XTASK_TOOLCHAIN",
            "CARGO_TARGET_DIR",
        ];
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CI.md");
        let page = fs::read_to_string(page).unwrap();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let named = rows.filter_map(|row| row.split('`').next());
        let settings = named.filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
        let settings: Vec<_> = settings.filter(|name| !of_machine.contains(name)).collect();
        assert!(settings.contains(&"INFRA_REMOTE"), "{settings:?}");
        let kept: Vec<_> = settings.into_iter().filter(|name| !is_setting(name)).collect();
        assert!(kept.is_empty(), "{kept:?}");
        assert!(is_setting("AWS_PROFILE") && is_setting("REGISTRY_PASSWORD"));
        assert!(!of_machine.into_iter().chain(["PATH", "RELEASE"]).any(is_setting));
    }
}
