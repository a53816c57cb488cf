//! The steps' shell, which ends only when all that it printed has been read.
//!
//! act reads a step's words from a terminal of its own, and closes that as soon as a step has
//! failed (`exec` in its `host_environment.go`): what it has not read by then is lost, and the last
//! line of a step that fails is the reason.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// What GitHub prints below a step that failed.
const LAST: &str = "Error: Process completed with exit code";

/// Stands before the real one on the search path.
const SCRIPT: &str = r#"#!/bin/sh
"$(command -pv bash)" "$@"
code=$?
if [ "$code" != 0 ]; then
  rm -f "$PIPELINES_READ"
  echo "LAST $code."
  # Who reads may have ended.
  tries=0
  while [ ! -e "$PIPELINES_READ" ] && [ "$tries" -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
fi
exit "$code"
"#;

/// Where the shell lies, and the file by which it is told that its last line was read.
#[derive(Debug)]
pub(super) struct Shell {
    folder: PathBuf,
    read: PathBuf,
}

impl Shell {
    /// Puts it into the folder of a run.
    pub(super) fn place(scratch: &Path) -> Result<Self> {
        let scratch = scratch
            .canonicalize()
            .with_context(|| format!("find {}", scratch.display()))?;
        let folder = scratch.join("shell");
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let program = folder.join("bash");
        fs::write(&program, SCRIPT.replace("LAST", LAST))
            .and_then(|()| fs::set_permissions(&program, fs::Permissions::from_mode(0o755)))
            .with_context(|| format!("write {}", program.display()))?;
        Ok(Self {
            read: folder.join("read"),
            folder,
        })
    }

    /// What leads to it; `path`: the search path of the machine, where that is not this process's.
    pub(super) fn variables(&self, path: Option<&String>) -> [(String, String); 2] {
        let path = path
            .cloned()
            .or_else(|| env::var("PATH").ok())
            .unwrap_or_default();
        [
            ("PATH".to_owned(), format!("{}:{path}", self.folder.display())),
            ("PIPELINES_READ".to_owned(), self.read.display().to_string()),
        ]
    }

    /// Lets a shell end whose last line this is.
    pub(super) fn heard(&self, line: &str) {
        if line.starts_with(LAST) {
            // It ends by itself too, only later.
            let _ = fs::write(&self.read, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    fn start(shell: &Shell, script: &str) -> std::process::Child {
        Command::new("bash")
            .args(["-c", script])
            .envs(shell.variables(None))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    #[test]
    fn a_step_that_fails_waits_until_it_was_heard() {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::place(folder.path()).unwrap();
        let mut step = start(&shell, "echo the reason; exit 7");
        let mut lines = BufReader::new(step.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "the reason");
        let last = lines.next().unwrap().unwrap();
        assert_eq!(last, "Error: Process completed with exit code 7.");
        std::thread::sleep(Duration::from_millis(300));
        assert!(step.try_wait().unwrap().is_none(), "it has not waited");
        shell.heard(&last);
        assert_eq!(step.wait().unwrap().code(), Some(7));
    }

    #[test]
    fn a_step_that_passes_does_not_wait() {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::place(folder.path()).unwrap();
        let started = Instant::now();
        assert!(start(&shell, "true").wait().unwrap().success());
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}
