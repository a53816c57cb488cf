//! Programs on this machine as a hosted runner would start them: without what cargo and Git told
//! this process, and with an end to all that they start.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

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

/// A child that ends, with all it has started, when this is dropped.
pub(crate) struct Group(pub(crate) Child);

impl Drop for Group {
    fn drop(&mut self) {
        let Some(child) = self.0.id().and_then(|id| i32::try_from(id).ok()) else {
            return;
        };
        // Runners start each step in a group of its own. Looked for first: who has lost its parent
        // cannot be found any more.
        let all = descendants(child);
        for process in all.into_iter().filter_map(Pid::from_raw) {
            // It may have ended by itself meanwhile.
            let _ = kill_process(process, Signal::TERM);
        }
        let _ = Pid::from_raw(child).map(|group| kill_process_group(group, Signal::TERM));
    }
}

/// All that `parent` has started, and what they have started.
fn descendants(parent: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let mut next = vec![parent];
    while let Some(process) = next.pop() {
        let children = children(process);
        next.extend(&children);
        found.extend(children);
    }
    found
}

/// Linux lists them by the thread that started each.
fn children(process: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    let lists = threads
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Runs `command` to its end; each line that it prints to stdout goes through `read` into the log,
/// what it prints to stderr goes there as it is.
pub(crate) async fn follow(
    mut command: Command,
    log: &Path,
    mut read: impl FnMut(&str) -> String,
) -> Result<ExitStatus> {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("open the log {}", log.display()))?;
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file.try_clone().context("share the log")?)
        .spawn()
        .with_context(|| format!("start {}", command.as_std().get_program().display()))?;
    let mut group = Group(child);
    let output = group.0.stdout.take().context("stdout is piped")?;
    let mut lines = BufReader::new(output).split(b'\n');
    while let Some(line) = lines.next_segment().await.context("read a runner's output")? {
        let line = read(&String::from_utf8_lossy(&line));
        writeln!(file, "{}", line.trim_end()).context("write to the log")?;
    }
    group.0.wait().await.context("wait for a runner")
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
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn an_end_reaches_what_left_the_group() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command("sh", folder.path(), &BTreeMap::new());
        command.args(["-c", "setsid sh -c 'echo $$ > id; sleep 300' & wait"]);
        let group = Group(command.spawn().unwrap());
        let until = |what: &dyn Fn() -> bool| {
            let start = Instant::now();
            while !what() && start.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(20));
            }
            what()
        };
        let id = || fs::read_to_string(folder.path().join("id")).unwrap_or_default();
        assert!(until(&|| id().ends_with('\n')));
        let process = Path::new("/proc").join(id().trim());
        assert!(process.exists());
        drop(group);
        // A process that waits to be buried by the system's first one has ended too.
        let ended = || !fs::read_to_string(process.join("cmdline")).is_ok_and(|text| !text.is_empty());
        assert!(until(&ended));
    }
}
