//! One shell that lives through a whole build, so that what a command exports or where it goes holds for the next.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::buildspec::Shell;

/// A shell waiting for commands. Dropping it ends the shell and all it started.
pub(crate) struct Session {
    shell: Child,
    input: ChildStdin,
    answers: BufReader<ChildStdout>,
    scripts: PathBuf,
    log: PathBuf,
    commands: usize,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It gave this status and the shell waits for the next one.
    Status(i32),
    /// It took the shell with it (`exit`, `set -e`, a signal).
    Shell(Option<i32>),
}

impl Session {
    /// Start a shell in `folder` with these variables on top of `base`'s; all output of its commands goes to `log`.
    pub(crate) fn open(
        shell: Shell,
        folder: &Path,
        variables: &BTreeMap<String, String>,
        log: &Path,
        scripts: &Path,
    ) -> Result<Self> {
        std::fs::create_dir_all(scripts).with_context(|| format!("create {}", scripts.display()))?;
        File::create(log).with_context(|| format!("create the log {}", log.display()))?;
        let program = match shell {
            Shell::Sh => "sh",
            Shell::Bash => "bash",
        };
        let mut command = Command::new(program);
        for name in std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(|name| is_ours(name))
        {
            command.env_remove(name);
        }
        let mut shell = command
            .current_dir(folder)
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Its own group, so that dropping the session reaches the compilers too.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {program}"))?;
        let input = shell.stdin.take().expect("stdin is piped");
        let answers = BufReader::new(shell.stdout.take().expect("stdout is piped"));
        Ok(Self {
            shell,
            input,
            answers,
            scripts: scripts.to_owned(),
            log: log.to_owned(),
            commands: 0,
        })
    }

    /// Run one command (it may have many lines) and say how it ended.
    pub(crate) async fn run(&mut self, command: &str) -> Result<Ended> {
        self.commands += 1;
        let script = self.scripts.join(format!("{:02}.sh", self.commands));
        std::fs::write(&script, format!("{command}\n"))
            .with_context(|| format!("write {}", script.display()))?;
        self.note(&format!("$ {}", command.trim_end()))?;
        let mut line = String::new();
        write!(
            line,
            ". {} >>{} 2>&1 </dev/null",
            quoted(&script),
            quoted(&self.log)
        )
        .expect("a String takes all");
        line.push_str("; printf '%s\\n' \"$?\"\n");
        if self.input.write_all(line.as_bytes()).await.is_err() {
            return self.shell_ended().await;
        }
        let mut answer = String::new();
        self.answers
            .read_line(&mut answer)
            .await
            .context("read the shell's answer")?;
        match answer.trim().parse() {
            Ok(status) => Ok(Ended::Status(status)),
            Err(_) => self.shell_ended().await,
        }
    }

    /// Set and export a variable for the commands to come.
    pub(crate) async fn export(&mut self, name: &str, value: &str) -> Result<()> {
        let line = format!("export {name}='{}'\n", value.replace('\'', r"'\''"));
        self.input
            .write_all(line.as_bytes())
            .await
            .context("talk to the shell")
    }

    /// The value of a variable now; empty if it is not set.
    pub(crate) async fn value(&mut self, name: &str) -> Result<String> {
        let line = format!("printf '%s\\0' \"${{{name}-}}\"\n");
        self.input
            .write_all(line.as_bytes())
            .await
            .context("talk to the shell")?;
        let mut value = Vec::new();
        self.answers
            .read_until(0, &mut value)
            .await
            .context("read the shell's answer")?;
        value.pop();
        String::from_utf8(value).with_context(|| format!("the value of {name} is not text"))
    }

    /// Write a line of our own into the log.
    pub(crate) fn note(&self, line: &str) -> Result<()> {
        let mut log = OpenOptions::new()
            .append(true)
            .open(&self.log)
            .context("open the log")?;
        writeln!(log, "{line}").context("write to the log")
    }

    async fn shell_ended(&mut self) -> Result<Ended> {
        let mut rest = Vec::new();
        self.answers
            .read_to_end(&mut rest)
            .await
            .context("read the shell's last words")?;
        Ok(Ended::Shell(
            self.shell.wait().await.context("wait for the shell")?.code(),
        ))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(group) = self.shell.id() {
            let group = i32::try_from(group).ok().and_then(Pid::from_raw);
            // It may have ended by itself meanwhile.
            let _ = group.map(|group| kill_process_group(group, Signal::TERM));
        }
    }
}

/// Variables of this process that a hosted CI would not have: what cargo tells the program it runs, and git's overrides.
fn is_ours(name: &str) -> bool {
    const CARGO: [&str; 6] = [
        "CARGO",
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

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
