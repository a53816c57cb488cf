//! Processes that a killed run left behind: `kind`, podman, the CI and whatever they have started.
//!
//! They are found by a variable that every process of a run inherits, never by a name.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    os::unix::process::CommandExt as _,
    process::{self, Command},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use supply::cache::Cache;

/// Its value is the process id of the run, then the cache that the run has to itself.
const MARK: &str = "GITOPS_LOOP_E2E";
/// They serve the containers of the whole machine, or end with theirs.
const NOT_OURS_TO_END: [&str; 2] = ["aardvark-dns", "conmon"];
/// Ends by itself, and would leave half of a container's network behind.
const SHORT_LIVED: &str = "netavark";
/// How long processes may take to end after they were asked to. Podman first finishes what it is
/// writing.
const GRACE: Duration = Duration::from_secs(10);
const KILLED: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// Starts this program anew with the mark of its process and these variables besides, unless it has
/// that mark: a running process cannot change its own environment without `unsafe`.
pub(crate) fn mark(cache: &Cache, besides: Vec<(&'static str, String)>) -> Result<()> {
    let mark = mark_of(process::id(), cache);
    if env::var_os(MARK).is_some_and(|there| there.as_encoded_bytes() == mark) {
        return Ok(());
    }
    let mark = String::from_utf8(mark).context("the path of the cache is not UTF-8")?;
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_else(|| "e2e".into());
    let mut anew = Command::new("/proc/self/exe");
    anew.arg0(name).args(arguments).envs(besides).env(MARK, mark);
    // `exec` answers only when it failed.
    Err(anew.exec()).context("start this program anew")
}

/// Ends what runs of this cache that are over have left running; gives the names of what was there.
pub(super) async fn end(cache: &Cache) -> Result<BTreeSet<String>> {
    let begun = Instant::now();
    let (mut found, mut asked) = (BTreeSet::new(), BTreeSet::new());
    loop {
        let left = orphans(&processes(), cache);
        if left.is_empty() {
            return Ok(found);
        }
        let late = begun.elapsed() > GRACE;
        if begun.elapsed() > GRACE + KILLED {
            bail!("processes of a killed run do not end: {}", list(&left));
        }
        for process in &left {
            found.insert(process.to_string());
            if late {
                send(process.id, Signal::KILL);
            } else if process.name != SHORT_LIVED && asked.insert(process.id) {
                send(process.id, Signal::TERM);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether any process of this machine has this name.
pub(super) fn runs(name: &str) -> bool {
    processes().iter().any(|process| process.name == name)
}

/// What [`end`] would end.
pub(super) fn left(cache: &Cache) -> Vec<String> {
    let left = orphans(&processes(), cache);
    left.iter().map(ToString::to_string).collect()
}

/// One process of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    id: i32,
    parent: i32,
    name: String,
    /// The value of [`MARK`].
    mark: Option<Vec<u8>>,
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {} ({})", self.id, self.name)
    }
}

/// Those with the mark of a run that is over, and their children, who may have been given another
/// environment.
fn orphans(all: &[Process], cache: &Cache) -> Vec<Process> {
    let living: BTreeMap<i32, &[u8]> = all
        .iter()
        .filter_map(|process| Some((process.id, process.mark.as_deref()?)))
        .collect();
    let over = |process: &&Process| {
        let Some((run, of)) = process.mark.as_deref().and_then(read) else {
            return false;
        };
        // The run itself has the same mark as all that it started.
        of == cache.root().as_os_str().as_encoded_bytes()
            && living.get(&run).copied() != process.mark.as_deref()
    };
    let ours = |process: &&Process| !NOT_OURS_TO_END.contains(&process.name.as_str());
    let mut found: Vec<Process> = all.iter().filter(over).filter(ours).cloned().collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|process| process.id) {
        let known: BTreeSet<i32> = found.iter().map(|process| process.id).collect();
        let children = all
            .iter()
            .filter(|process| process.parent == parent && !known.contains(&process.id));
        found.extend(children.filter(ours).cloned());
        next += 1;
    }
    found
}

fn mark_of(run: u32, cache: &Cache) -> Vec<u8> {
    [
        format!("{run} ").as_bytes(),
        cache.root().as_os_str().as_encoded_bytes(),
    ]
    .concat()
}

fn read(mark: &[u8]) -> Option<(i32, &[u8])> {
    let space = mark.iter().position(|byte| *byte == b' ')?;
    let run = std::str::from_utf8(&mark[..space]).ok()?;
    Some((run.parse().ok()?, &mark[space + 1..]))
}

/// All that this user may look at.
fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(process).collect()
}

/// None if it has just ended, or waits to be buried.
fn process(id: i32) -> Option<Process> {
    // `12 (name) S 1 …`, where the name may have spaces and brackets of its own.
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (begin, rest) = stat.rsplit_once(')')?;
    let (_, name) = begin.split_once('(')?;
    let mut rest = rest.split_whitespace();
    let (state, parent) = (rest.next()?, rest.next()?.parse().ok()?);
    let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    let mut marks = environment.split(|byte| *byte == 0).filter_map(|variable| {
        variable
            .strip_prefix(MARK.as_bytes())?
            .strip_prefix(b"=")
            .map(<[u8]>::to_vec)
    });
    (state != "Z").then(|| Process {
        id,
        parent,
        name: name.to_owned(),
        mark: marks.next_back(),
    })
}

fn send(process: i32, signal: Signal) {
    // It may have ended by itself meanwhile.
    let _ = Pid::from_raw(process).map(|process| kill_process(process, signal));
}

fn list(processes: &[Process]) -> String {
    let names: Vec<_> = processes.iter().map(ToString::to_string).collect();
    names.join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A program with the mark of a run that is over.
    pub(crate) fn of_a_run_that_is_over(cache: &Cache, program: &str) -> Command {
        // No process has this number: it is above the kernel's greatest.
        let mark = String::from_utf8(mark_of(0x7fff_fffe, cache)).unwrap();
        let mut command = Command::new(program);
        command.env(MARK, mark);
        command
    }

    fn of(id: i32, parent: i32, name: &str, mark: Option<Vec<u8>>) -> Process {
        let name = name.to_owned();
        Process {
            id,
            parent,
            name,
            mark,
        }
    }

    #[test]
    fn only_what_a_run_that_is_over_has_started_is_an_orphan() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (ours, theirs) = (Cache::at(one.path()).unwrap(), Cache::at(other.path()).unwrap());
        let over = Some(mark_of(10, &ours));
        let going_on = Some(mark_of(20, &ours));
        let all = [
            of(1, 0, "init", None),
            of(11, 1, "kind", over.clone()),
            of(12, 11, "podman", over.clone()),
            // A runner gives its steps an environment of their own.
            of(13, 11, "cargo", None),
            of(14, 13, "rustc", None),
            of(15, 1, "aardvark-dns", over.clone()),
            of(16, 12, "conmon", over.clone()),
            of(17, 16, "systemd", None),
            of(20, 1, "e2e", going_on.clone()),
            of(21, 20, "kind", going_on),
            of(31, 1, "kind", Some(mark_of(30, &theirs))),
            of(40, 1, "kind", None),
            // Another program has got the number of the run that is over.
            of(10, 1, "editor", None),
        ];
        let found: Vec<_> = orphans(&all, &ours).iter().map(|process| process.id).collect();
        assert_eq!(found, [11, 12, 13, 14]);
    }

    #[tokio::test]
    async fn an_orphan_is_ended_with_its_children_and_another_process_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        let sleeping = |mut command: Command| {
            command.args(["-c", "env -i sleep 600 & wait"]).process_group(0);
            command.spawn().unwrap()
        };
        let mut orphan = sleeping(of_a_run_that_is_over(&cache, "sh"));
        let mut other = sleeping(Command::new("sh"));
        let begun = Instant::now();
        let child_of = |parent: u32| {
            let parent = i32::try_from(parent).unwrap();
            processes().into_iter().find(|process| process.parent == parent)
        };
        while child_of(orphan.id()).is_none_or(|child| child.name != "sleep") {
            assert!(begun.elapsed() < Duration::from_secs(20));
            tokio::time::sleep(PAUSE).await;
        }
        let child = child_of(orphan.id()).unwrap().id;
        let found = end(&cache).await.unwrap();
        assert!(found.len() == 2, "{found:?}");
        assert!(!orphan.wait().unwrap().success());
        assert!(process(child).is_none());
        assert!(other.try_wait().unwrap().is_none());
        send(child_of(other.id()).map_or(0, |child| child.id), Signal::TERM);
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
