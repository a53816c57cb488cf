//! A process group that cannot outlive this process, however this process ends.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process_group};

/// Waits for the end of its input, which only we can write to, then ends the group it leads.
const WATCHDOG: &str = "read -r _; kill -KILL 0";

/// A process group for child processes, their children included.
///
/// Its leader is a shell that holds the reading end of a pipe. When this process ends, even by
/// SIGKILL, the kernel closes the writing end, and the shell ends the whole group. Asking the
/// kernel for a signal at the parent's death would do the same for children only, on Linux only,
/// and only with `unsafe`.
#[derive(Debug)]
pub struct Watched {
    watchdog: Child,
    id: Pid,
}

impl Watched {
    /// An empty group.
    pub fn new() -> Result<Self> {
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("start the shell that watches over the child processes")?;
        let id = Pid::from_child(&watchdog);
        Ok(Self { watchdog, id })
    }

    /// Has `command` start in this group, without input.
    pub fn adopt<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.stdin(Stdio::null()).process_group(self.id.as_raw_pid())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Both fail only when the group is gone already.
        let _ = kill_process_group(self.id, Signal::KILL);
        let _ = self.watchdog.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::{BufRead as _, BufReader, Read};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Set in the process that [`children_end_with_a_killed_process`] starts and kills.
    const VICTIM: &str = "WATCHED_TEST_VICTIM";
    const SOON: Duration = Duration::from_secs(5);

    /// A shell with a child of its own. Both hold the output open, so its end is theirs.
    fn start_two(group: &Watched) -> BufReader<std::process::ChildStdout> {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 600 & echo started; wait"])
            .stdout(Stdio::piped());
        let mut child = group.adopt(&mut command).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut started = String::new();
        output.read_line(&mut started).unwrap();
        assert_eq!(started, "started\n");
        // The group's end is what the tests look at, and it is not asked how the shell ended.
        thread::spawn(move || child.wait());
        output
    }

    /// Tells when an output ends.
    fn end_of(mut output: impl Read + Send + 'static) -> mpsc::Receiver<()> {
        let (ended, end) = mpsc::channel();
        thread::spawn(move || {
            output.read_to_end(&mut Vec::new()).unwrap();
            ended.send(())
        });
        end
    }

    #[test]
    fn children_of_children_end_with_the_value() {
        let group = Watched::new().unwrap();
        let end = end_of(start_two(&group));
        end.recv_timeout(Duration::from_millis(50)).expect_err("both run");
        drop(group);
        end.recv_timeout(SOON).expect("both ended");
    }

    #[test]
    fn children_end_with_a_killed_process() {
        if env::var_os(VICTIM).is_some() {
            let group = Watched::new().unwrap();
            let _output = start_two(&group);
            eprintln!("started");
            thread::sleep(Duration::from_mins(10));
        }
        let mut victim = Command::new(env::current_exe().unwrap())
            .args(["children_end_with_a_killed_process", "--nocapture"])
            .env(VICTIM, "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Held by the victim, by the shell and by its child.
        let mut output = BufReader::new(victim.stderr.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        victim.kill().unwrap();
        victim.wait().unwrap();
        end_of(output).recv_timeout(SOON).expect("both ended");
    }
}
