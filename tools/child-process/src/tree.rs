//! A child and all that it has started, in whatever process group.

use std::fs;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::group::{Leader, pid};

/// A child that leads a group. When this is dropped, the group is asked to end, and so is every
/// process that the child has started and that has left the group.
#[derive(Debug)]
pub struct ProcessTree<L: Leader>(pub L);

impl<L: Leader> Drop for ProcessTree<L> {
    fn drop(&mut self) {
        let Some(root) = self.0.process_id().and_then(pid) else {
            return;
        };
        // Looked for first: who has lost its parent cannot be found any more.
        let all = descendants(root.as_raw_pid());
        for process in all.into_iter().filter_map(Pid::from_raw) {
            // It may have ended by itself meanwhile.
            let _ = kill_process(process, Signal::TERM);
        }
        let _ = kill_process_group(root, Signal::TERM);
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

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::path::Path;
    use std::process::Command;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn an_end_reaches_what_left_the_group() {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new("sh")
            .args(["-c", "setsid sh -c 'echo $$ > id; sleep 300' & wait"])
            .current_dir(folder.path())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut tree = ProcessTree(child);
        let until = |what: &dyn Fn() -> bool| {
            let start = Instant::now();
            while !what() && start.elapsed() < Duration::from_secs(20) {
                thread::sleep(Duration::from_millis(20));
            }
            what()
        };
        let id = || fs::read_to_string(folder.path().join("id")).unwrap_or_default();
        assert!(until(&|| id().ends_with('\n')));
        let process = Path::new("/proc").join(id().trim());
        assert!(process.exists());
        tree.0.reap();
        drop(tree);
        // A process that waits to be buried by the system's first one has ended too.
        let ended = || !fs::read_to_string(process.join("cmdline")).is_ok_and(|text| !text.is_empty());
        assert!(until(&ended));
    }
}
