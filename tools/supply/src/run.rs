//! Runs one outside command: output to a log file, a deadline, and an end to it and its children
//! when the run is cancelled.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use xshell::Cmd;

use crate::error::SupplyError;

static CANCELLED: AtomicBool = AtomicBool::new(false);
static STOPPED: AtomicBool = AtomicBool::new(false);

const POLL: Duration = Duration::from_millis(20);
const TAIL_LINES: usize = 25;

/// Ends every running command with its children; those started later end at once.
pub fn cancel() {
    CANCELLED.store(true, Ordering::SeqCst);
}

/// Ends what runs beside a part that failed, until [`resume`].
pub(crate) fn stop() {
    STOPPED.store(true, Ordering::SeqCst);
}

/// Lets commands run again after [`stop`].
pub(crate) fn resume() {
    STOPPED.store(false, Ordering::SeqCst);
}

/// Whether an error only says that something else ended the command.
pub(crate) fn was_stopped(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(SupplyError::Cancelled))
}

fn must_end() -> bool {
    CANCELLED.load(Ordering::SeqCst) || STOPPED.load(Ordering::SeqCst)
}

/// An error once [`cancel`] was called.
pub(crate) fn check_cancelled() -> Result<()> {
    if must_end() {
        return Err(SupplyError::Cancelled.into());
    }
    Ok(())
}

/// Runs `cmd`, appending what it prints to `log`.
pub(crate) fn logged(cmd: Cmd<'_>, log: &Path, deadline: Duration) -> Result<()> {
    let line = cmd.to_string();
    let file = open(log, &line)?;
    let mut command = Command::from(cmd);
    command
        .stdout(file.try_clone().context("share the log file")?)
        .stderr(file);
    finish(command, &line, log, deadline)
}

/// Runs `cmd` and gives what it prints to stdout; stderr goes to `log`.
pub(crate) fn read(cmd: Cmd<'_>, log: &Path, deadline: Duration) -> Result<String> {
    let line = cmd.to_string();
    let file = open(log, &line)?;
    let captured = tempfile_beside(log);
    let mut command = Command::from(cmd);
    command.stdout(File::create(&captured).with_context(|| format!("create {}", captured.display()))?);
    command.stderr(file);
    let outcome = finish(command, &line, log, deadline);
    let text = fs::read_to_string(&captured).with_context(|| format!("read the output of `{line}`"));
    let _ = fs::remove_file(&captured);
    outcome?;
    Ok(text?.trim_end().to_owned())
}

fn finish(mut command: Command, line: &str, log: &Path, deadline: Duration) -> Result<()> {
    check_cancelled()?;
    let mut child = command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("start `{line}`"))?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().with_context(|| format!("wait for `{line}`"))? {
            note(log, started.elapsed());
            return judge(status, line, log);
        }
        if must_end() {
            end(&mut child);
            return Err(SupplyError::Cancelled.into());
        }
        if started.elapsed() > deadline {
            end(&mut child);
            let command = line.to_owned();
            return Err(SupplyError::Deadline {
                command,
                deadline,
                log: log.to_owned(),
                tail: tail(log),
            }
            .into());
        }
        thread::sleep(POLL);
    }
}

fn judge(status: ExitStatus, line: &str, log: &Path) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let (command, status) = (line.to_owned(), status.to_string());
    Err(SupplyError::Command {
        command,
        status,
        log: log.to_owned(),
        tail: tail(log),
    }
    .into())
}

/// Whether a program of this name is on the search path.
pub(crate) fn on_path(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Asks the whole group to end, then makes it.
pub(crate) fn end(child: &mut Child) {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return;
    };
    let _ = kill_process_group(group, Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_secs(3) {
        if matches!(child.try_wait(), Ok(Some(_))) {
            break;
        }
        thread::sleep(POLL);
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
}

fn open(log: &Path, line: &str) -> Result<File> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("open the log {}", log.display()))?;
    writeln!(file, "$ {line}").with_context(|| format!("write the log {}", log.display()))?;
    Ok(file)
}

/// Where the time of a cold build goes is read from these lines; a log that cannot be written any
/// more is no failure.
fn note(log: &Path, took: Duration) {
    if let Ok(mut file) = OpenOptions::new().append(true).open(log) {
        let _ = writeln!(file, "# {:.1} s", took.as_secs_f32());
    }
}

fn tempfile_beside(log: &Path) -> std::path::PathBuf {
    let id = format!("{:?}", thread::current().id()).replace(['(', ')'], "-");
    log.with_extension(format!("{id}out"))
}

fn tail(log: &Path) -> String {
    let text = fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use xshell::{Shell, cmd};

    #[test]
    fn a_failure_shows_command_log_and_tail() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("step.log");
        let sh = Shell::new().unwrap();
        let error = logged(
            cmd!(sh, "sh -c 'echo reason; exit 3'"),
            &log,
            Duration::from_secs(5),
        )
        .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("echo reason") && text.contains("    reason") && text.contains("step.log"),
            "{text}"
        );
    }

    #[test]
    fn a_deadline_ends_the_children_too() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("step.log");
        let sh = Shell::new().unwrap();
        let started = Instant::now();
        let error = logged(
            cmd!(sh, "sh -c 'sleep 60 & wait'"),
            &log,
            Duration::from_millis(200),
        )
        .unwrap_err();
        assert!(
            matches!(error.downcast_ref(), Some(SupplyError::Deadline { .. })),
            "{error}"
        );
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn output_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let sh = Shell::new().unwrap();
        let text = read(
            cmd!(sh, "echo two words"),
            &folder.path().join("log"),
            Duration::from_secs(5),
        )
        .unwrap();
        assert_eq!(text, "two words");
    }
}
