//! One shell that lives through a whole build, so that what a command exports or where it goes
//! holds for the next.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use child_process::ProcessTree;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::buildspec::Shell;
use crate::machine;

/// A shell waiting for commands. Dropping it ends the shell and all it started.
pub(crate) struct Session {
    shell: ProcessTree<Child>,
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
    /// Start a shell in `folder` with these variables on top of this process's; all output of its
    /// commands goes to `log`.
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
        let mut shell = machine::command(program, folder, variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("start {program}"))?;
        let input = shell.stdin.take().context("stdin is piped")?;
        let answers = BufReader::new(shell.stdout.take().context("stdout is piped")?);
        Ok(Self {
            shell: ProcessTree(shell),
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
        let line = format!(
            ". {} >>{} 2>&1 </dev/null; printf '%s\\n' \"$?\"\n",
            quoted(&script.display().to_string()),
            quoted(&self.log.display().to_string())
        );
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
        let line = format!("export {name}={}\n", quoted(value));
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
            self.shell.0.wait().await.context("wait for the shell")?.code(),
        ))
    }
}

/// One word of the shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
