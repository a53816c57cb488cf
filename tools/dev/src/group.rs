//! A process group that cannot outlive this process, however this process ends.

use std::io;
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
pub struct Group {
    watchdog: Child,
    id: Pid,
}

impl Group {
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

    /// Starts `command` in this group, without input.
    pub fn spawn(&self, command: &mut tokio::process::Command) -> io::Result<tokio::process::Child> {
        command
            .stdin(Stdio::null())
            .process_group(self.id.as_raw_pid())
            .spawn()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Both fail only when the group is gone already.
        let _ = kill_process_group(self.id, Signal::KILL);
        let _ = self.watchdog.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, BufReader as AsyncReader};
    use tokio::time::timeout;

    use super::*;

    /// Set in the process that [`children_end_with_a_killed_process`] starts and kills.
    const VICTIM: &str = "GROUP_TEST_VICTIM";
    const SOON: Duration = Duration::from_secs(5);

    /// A shell with a child of its own. Both hold the output open, so its end is theirs.
    async fn start_two(group: &Group) -> AsyncReader<tokio::process::ChildStdout> {
        let mut command = tokio::process::Command::new("sh");
        command
            .args(["-c", "sleep 600 & echo started; wait"])
            .stdout(Stdio::piped());
        let mut child = group.spawn(&mut command).unwrap();
        let mut output = AsyncReader::new(child.stdout.take().unwrap());
        let mut started = [0; 8];
        output.read_exact(&mut started).await.unwrap();
        assert_eq!(&started, b"started\n");
        output
    }

    #[tokio::test]
    async fn children_of_children_end_with_the_value() {
        let group = Group::new().unwrap();
        let mut output = start_two(&group).await;
        let mut rest = Vec::new();
        timeout(Duration::from_millis(50), output.read_to_end(&mut rest))
            .await
            .expect_err("both run");
        drop(group);
        timeout(SOON, output.read_to_end(&mut rest))
            .await
            .expect("both ended")
            .unwrap();
    }

    #[tokio::test]
    async fn children_end_with_a_killed_process() {
        if env::var_os(VICTIM).is_some() {
            let group = Group::new().unwrap();
            let _output = start_two(&group).await;
            eprintln!("started");
            std::thread::sleep(Duration::from_mins(10));
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
        let (ended, end) = mpsc::channel();
        std::thread::spawn(move || ended.send(output.read_to_end(&mut Vec::new())));
        end.recv_timeout(SOON).expect("both ended").unwrap();
    }
}
