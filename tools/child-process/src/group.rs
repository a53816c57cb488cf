//! A child that leads a process group of its own.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// How long a group may take to end after it was asked to.
pub const GRACE: Duration = Duration::from_secs(3);

const POLL: Duration = Duration::from_millis(20);

/// A started process, whoever started it.
pub trait Leader {
    /// Its process id, as long as nobody has asked how it ended.
    fn process_id(&self) -> Option<u32>;

    /// Asks how it ended, if it has; until then a process that has ended still belongs to its
    /// group.
    fn reap(&mut self);
}

impl Leader for Child {
    fn process_id(&self) -> Option<u32> {
        Some(self.id())
    }

    fn reap(&mut self) {
        let _ = self.try_wait();
    }
}

#[cfg(feature = "tokio")]
impl Leader for tokio::process::Child {
    fn process_id(&self) -> Option<u32> {
        self.id()
    }

    fn reap(&mut self) {
        let _ = self.try_wait();
    }
}

/// The process group of a child that was started with `process_group(0)`. It ends with the value,
/// children of children included: it is asked to, and killed after [`GRACE`].
#[derive(Debug)]
pub struct ProcessGroup<L: Leader> {
    /// The child itself.
    pub leader: L,
    id: Option<Pid>,
    grace: Duration,
}

impl<L: Leader> ProcessGroup<L> {
    /// Of a child that leads a group.
    pub fn of(leader: L) -> Self {
        let id = leader.process_id().and_then(pid);
        Self {
            leader,
            id,
            grace: GRACE,
        }
    }

    /// Leaves the group alone from now on. For a child that ended by itself and may have started
    /// what is to stay.
    pub fn release(&mut self) {
        self.id = None;
    }
}

impl<L: Leader> Drop for ProcessGroup<L> {
    fn drop(&mut self) {
        let Some(group) = self.id else { return };
        let _ = kill_process_group(group, Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < self.grace {
            self.leader.reap();
            if test_kill_process_group(group).is_err() {
                return;
            }
            thread::sleep(POLL);
        }
        let _ = kill_process_group(group, Signal::KILL);
        self.leader.reap();
    }
}

/// An id as rustix takes it.
pub(crate) fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::os::unix::process::CommandExt as _;
    use std::process::{ChildStdout, Command, Stdio};
    use std::sync::mpsc;

    use super::*;

    /// A shell that leads a group, once it has said that it runs. The end of its output is that of
    /// the whole group.
    fn started(script: &str) -> (ProcessGroup<Child>, BufReader<ChildStdout>) {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        (ProcessGroup::of(child), output)
    }

    fn ends_within(mut output: BufReader<ChildStdout>, limit: Duration) -> bool {
        let (ended, end) = mpsc::channel();
        thread::spawn(move || ended.send(output.read_to_end(&mut Vec::new()).is_ok()));
        end.recv_timeout(limit).is_ok()
    }

    #[test]
    fn children_of_children_end_with_the_value_and_are_not_waited_for_once_gone() {
        let (group, output) = started("sleep 987 & echo started; wait");
        let begun = Instant::now();
        drop(group);
        assert!(begun.elapsed() < GRACE, "{:?}", begun.elapsed());
        assert!(ends_within(output, Duration::from_secs(5)));
    }

    #[test]
    fn one_that_does_not_end_when_it_is_asked_to_is_killed_after_the_grace() {
        let (mut group, output) = started("trap '' TERM; echo started; sleep 987");
        group.grace = Duration::from_millis(200);
        let begun = Instant::now();
        drop(group);
        assert!(
            begun.elapsed() >= Duration::from_millis(200),
            "{:?}",
            begun.elapsed()
        );
        assert!(ends_within(output, Duration::from_secs(5)));
    }

    #[test]
    fn a_group_that_was_released_lives_on() {
        let (mut group, output) = started("sleep 987 & echo started; wait");
        let id = group.id.unwrap();
        group.release();
        drop(group);
        assert!(test_kill_process_group(id).is_ok());
        kill_process_group(id, Signal::KILL).unwrap();
        assert!(ends_within(output, Duration::from_secs(5)));
    }
}
