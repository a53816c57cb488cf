//! Runs one outside command: output to a log file, a deadline, and an end to it and its children
//! when the run is cancelled.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use child_process::{ProcessGroup, log};
use rustix::process::Pid;
use taskkit::packages;
use xshell::Cmd;

use crate::error::SupplyError;
use crate::work::{self, Kind, Notes, Ran};

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
    logged_and_noted(cmd, log, deadline, None)
}

/// The same, and notes what it took, also when it fails.
pub(crate) fn logged_and_noted(
    cmd: Cmd<'_>,
    log: &Path,
    deadline: Duration,
    notes: Option<&Notes>,
) -> Result<()> {
    let line = cmd.to_string();
    let file = open(log, &line)?;
    let mut command = Command::from(cmd);
    command
        .stdout(file.try_clone().context("share the log file")?)
        .stderr(file);
    finish(command, &line, log, deadline, notes)
}

/// Runs `cmd` and gives what it prints to stdout; stderr goes to `log`.
pub(crate) fn read(cmd: Cmd<'_>, log: &Path, deadline: Duration) -> Result<String> {
    read_and_noted(cmd, log, deadline, None)
}

/// The same, and notes what it took, also when it fails.
pub(crate) fn read_and_noted(
    cmd: Cmd<'_>,
    log: &Path,
    deadline: Duration,
    notes: Option<&Notes>,
) -> Result<String> {
    let line = cmd.to_string();
    let file = open(log, &line)?;
    let captured = tempfile_beside(log);
    let mut command = Command::from(cmd);
    command.stdout(File::create(&captured).with_context(|| format!("create {}", captured.display()))?);
    command.stderr(file);
    let outcome = finish(command, &line, log, deadline, notes);
    let text = fs::read_to_string(&captured).with_context(|| format!("read the output of `{line}`"));
    let _ = fs::remove_file(&captured);
    outcome?;
    Ok(text?.trim_end().to_owned())
}

fn finish(
    mut command: Command,
    line: &str,
    log: &Path,
    deadline: Duration,
    notes: Option<&Notes>,
) -> Result<()> {
    check_cancelled()?;
    let kind = Kind::of(&command);
    let child = command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("start `{line}`"))?;
    let id = Pid::from_child(&child);
    // Ends with every child of it, unless it ended by itself.
    let mut group = ProcessGroup::of(child);
    let started = Instant::now();
    let ran = |ended, processor| {
        if let Some(notes) = notes {
            notes.add(Ran {
                kind,
                began: started,
                ended,
                processor,
            });
        }
    };
    loop {
        if work::has_ended(id).with_context(|| format!("wait for `{line}`"))? {
            let (ended, processor) = (Instant::now(), work::processor(id));
            let status = group.leader.wait();
            let status = status.with_context(|| format!("wait for `{line}`"))?;
            group.release();
            let outcome = judge(status, line, log);
            note(log, started.elapsed());
            ran(ended, processor);
            return outcome;
        }
        if must_end() {
            ran(Instant::now(), None);
            return Err(SupplyError::Cancelled.into());
        }
        if started.elapsed() > deadline {
            ran(Instant::now(), None);
            drop(group);
            let command = line.to_owned();
            return Err(SupplyError::Deadline {
                command,
                deadline,
                log: log.to_owned(),
                tail: tail(log, line),
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
        tail: tail(log, line),
    }
    .into())
}

/// The last lines of what the command has written; those before are of others.
fn tail(log: &Path, line: &str) -> String {
    let (tail, begin) = (log::tail(log, TAIL_LINES), format!("    $ {line}"));
    let lines: Vec<_> = tail.lines().collect();
    let own = lines.iter().rposition(|line| *line == begin);
    lines[own.map_or(0, |begin| begin + 1)..].join("\n")
}

/// Whether a program of this name is on the search path.
pub(crate) fn on_path(name: &str) -> bool {
    packages::is_on(env::var_os("PATH"), name)
}

fn open(log: &Path, line: &str) -> Result<File> {
    let mut file = log::open(log)?;
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
    fn a_failure_shows_what_its_own_command_has_said_last() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("step.log");
        let sh = Shell::new().unwrap();
        let limit = Duration::from_secs(5);
        let failed = |script: &str| {
            let error = logged(cmd!(sh, "sh -c {script}"), &log, limit).unwrap_err();
            error.downcast_ref::<SupplyError>().unwrap().in_short()
        };
        assert!(failed("echo of another; exit 1").ends_with(": of another"));
        assert!(failed("echo one; echo two; exit 1").ends_with(": one; two"));
        assert!(failed("exit 1").ends_with("exit status: 1"));
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
