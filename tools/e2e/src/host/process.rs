//! Runs one tool: output to a log file, a deadline, and an end to it and all it started when the
//! run is given up.

use std::{
    ffi::OsStr,
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use child_process::{ProcessGroup, log};
use supply::engine::Engine;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use xshell::{Cmd, Shell};

const TAIL_LINES: usize = 15;

/// One call of a tool, not yet started.
pub(crate) struct Tool {
    line: String,
    command: std::process::Command,
    log: PathBuf,
    within: Duration,
    input: Vec<u8>,
    quiet: bool,
}

impl Tool {
    /// Output goes to the end of `log`; after `within` the tool is ended.
    pub(crate) fn new(cmd: Cmd<'_>, log: &Path, within: Duration) -> Self {
        let line = cmd.to_string();
        Self {
            line,
            command: cmd.into(),
            log: log.to_owned(),
            within,
            input: Vec::new(),
            quiet: false,
        }
    }

    /// The same for a command of the container engine.
    pub(crate) fn of_engine<I>(engine: &Engine, args: I, log: &Path, within: Duration) -> Result<Self>
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let shell = Shell::new().context("open a shell")?;
        Ok(Self::new(engine.command(&shell, args), log, within))
    }

    /// What the tool reads from stdin; nothing otherwise.
    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Keeps what the tool prints to stdout out of the log.
    pub(crate) fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Runs it; an error unless it exits with 0.
    pub(crate) async fn run(self) -> Result<()> {
        self.read().await.map(drop)
    }

    /// Runs it and gives what it prints to stdout, trimmed at the end.
    pub(crate) async fn read(mut self) -> Result<String> {
        let mut command = std::mem::replace(&mut self.command, std::process::Command::new(""));
        let mut file = log::open(&self.log)?;
        writeln!(file, "$ {}", self.line).with_context(|| format!("write {}", self.log.display()))?;
        let errors = file.try_clone().context("share the log file")?;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors);
        // A group of its own: a Ctrl-C in the terminal reaches this process alone, which then ends
        // its tools in order.
        command.process_group(0);
        let child = tokio::process::Command::from(command)
            .spawn()
            .with_context(|| format!("start `{}`", self.line))?;
        // After a tool has ended by itself its group is left alone: podman's name server is started
        // by whichever call starts the first container, and stays in its group.
        let mut group = ProcessGroup::of(child);
        let mut stdin = group.leader.stdin.take().expect("stdin is piped");
        let mut stdout = group.leader.stdout.take().expect("stdout is piped");
        let mut text = Vec::new();
        let talk = async {
            let write = async {
                // A tool that does not read all of its input says so by its exit code.
                let _ = stdin.write_all(&self.input).await;
                drop(stdin);
            };
            let ((), read) = tokio::join!(write, stdout.read_to_end(&mut text));
            read.with_context(|| format!("read the output of `{}`", self.line))?;
            let status = group.leader.wait().await;
            status.with_context(|| format!("wait for `{}`", self.line))
        };
        let outcome = tokio::time::timeout(self.within, talk).await;
        if matches!(outcome, Ok(Ok(_))) {
            group.release();
        }
        drop(group);
        if !self.quiet {
            file.write_all(&text)
                .with_context(|| format!("write {}", self.log.display()))?;
        }
        match outcome {
            Err(_) => bail!(
                "{}",
                self.failure(&format!(
                    "took longer than {} s and was ended",
                    self.within.as_secs()
                ))
            ),
            Ok(status) => {
                let status = status?;
                if !status.success() {
                    bail!("{}", self.failure(&format!("failed ({status})")));
                }
            }
        }
        Ok(String::from_utf8_lossy(&text).trim_end().to_owned())
    }

    fn failure(&self, how: &str) -> String {
        format!(
            "`{}` {how}; log: {}\n{}",
            self.line,
            self.log.display(),
            log::tail(&self.log, TAIL_LINES)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Instant};

    use child_process::GRACE;

    use super::*;
    use xshell::cmd;

    fn tool(script: &str, folder: &Path) -> Tool {
        let shell = Shell::new().unwrap();
        Tool::new(
            cmd!(shell, "sh -c {script}"),
            &folder.join("log"),
            Duration::from_millis(800),
        )
    }

    #[tokio::test]
    async fn input_goes_in_and_output_comes_out() {
        let folder = tempfile::tempdir().unwrap();
        let text = tool("tr a-z A-Z; echo noise >&2", folder.path())
            .input("words\n")
            .read()
            .await
            .unwrap();
        assert_eq!(text, "WORDS");
        assert!(
            fs::read_to_string(folder.path().join("log"))
                .unwrap()
                .contains("noise")
        );
    }

    #[tokio::test]
    async fn a_failure_names_the_command_the_log_and_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let error = tool("echo the reason >&2; exit 3", folder.path())
            .run()
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("exit 3") && error.contains("/log") && error.contains("    the reason"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_tool_that_ends_when_it_is_asked_to_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        tool("exec sleep 987", folder.path()).run().await.unwrap_err();
        assert!(begun.elapsed() < GRACE, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_deadline_ends_children_of_children() {
        let folder = tempfile::tempdir().unwrap();
        let error = tool("sleep 987 & echo $!; wait", folder.path())
            .run()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("took longer"), "{error}");
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        let child = log.lines().last().unwrap();
        let state = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(" Z "), "{state}");
    }
}
