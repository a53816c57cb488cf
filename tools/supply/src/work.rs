//! What a part costs: which commands ran for it and when, what they were for, and how long
//! processors worked for them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::run;
use crate::workshop::Workshop;

/// Of a processor's second, in `/proc`: `USER_HZ`, the same on all that run these tools.
const TICKS: u32 = 100;

/// What a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something from another machine.
    Download,
    /// A program; of Go also the modules that its compiler finds it has not got yet.
    Compile,
    /// An image, or other files of what is there; of Debian also its packages.
    Pack,
}

impl Kind {
    /// By its name and first words. No recipe says it, for then each would be another than what
    /// caches hold, and be built again.
    pub(crate) fn of(command: &Command) -> Self {
        let name = Path::new(command.get_program()).file_name();
        let says = |words: &[&str]| {
            let mut first = command.get_args().take(3);
            first.any(|said| words.iter().any(|word| said == *word))
        };
        match name.and_then(|name| name.to_str()).unwrap_or_default() {
            "docker" | "podman" if says(&["pull", "manifest"]) => Self::Download,
            "docker" | "podman" => Self::Pack,
            "mvn" => Self::Download,
            _ if says(&["download", "install", "pack"]) => Self::Download,
            _ if says(&["build"]) => Self::Compile,
            _ => Self::Pack,
        }
    }
}

/// A command that has ended, well or not.
#[derive(Debug, Clone, Copy)]
pub struct Ran {
    /// What it was for.
    pub kind: Kind,
    /// When it was started.
    pub began: Instant,
    /// When it was seen to have ended.
    pub ended: Instant,
    /// How long processors worked for it and what it waited for, as user and as system; unknown
    /// where there is no `/proc`, and of a command that was ended before its time. What a daemon
    /// did for it, as Docker's does, is not in it.
    pub processor: Option<Duration>,
}

/// How it ended that a part was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is there.
    Made,
    /// It is not to be had.
    Failed,
    /// It was given up, because another part failed or the run was cancelled.
    Cancelled,
}

/// A part that was made, or tried to be.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it is called.
    pub name: &'static str,
    /// When it was begun.
    pub began: Instant,
    /// When it was there, or was not to be had.
    pub ended: Instant,
    /// Which of both.
    pub outcome: Outcome,
    /// In the order of their ends; none for a part that was there already.
    pub ran: Vec<Ran>,
}

impl Made {
    /// Of all its commands.
    pub fn processor(&self) -> Duration {
        self.ran.iter().filter_map(|ran| ran.processor).sum()
    }
}

/// Commands that ran for one part.
#[derive(Debug, Default)]
pub struct Notes(Mutex<Vec<Ran>>);

impl Notes {
    pub(crate) fn add(&self, ran: Ran) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(ran);
    }
}

/// Has `work` make the part of this name, and tells what it took, also when it fails.
pub(crate) fn make<T>(
    shop: Workshop<'_>,
    name: &'static str,
    work: impl FnOnce(Workshop<'_>) -> Result<T>,
) -> Result<T> {
    let (notes, began) = (Notes::default(), Instant::now());
    let done = work(Workshop {
        notes: Some(&notes),
        ..shop
    });
    let outcome = match &done {
        Ok(_) => Outcome::Made,
        Err(error) if run::was_stopped(error) => Outcome::Cancelled,
        Err(_) => Outcome::Failed,
    };
    shop.progress.made(&Made {
        name,
        began,
        ended: Instant::now(),
        outcome,
        ran: notes.0.into_inner().unwrap_or_else(PoisonError::into_inner),
    });
    done
}

/// Whether a child has ended. It is left for somebody to wait for: until then the kernel has its
/// account.
pub(crate) fn has_ended(child: Pid) -> rustix::io::Result<bool> {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(child), look)?.is_some())
}

/// How long processors worked for a child that has ended and was not waited for yet, and for those
/// of its own children that it waited for. `std` and rustix have no `wait4`, which tells the same.
pub(crate) fn processor(child: Pid) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.as_raw_pid())).ok()?;
    // The name before it is in parentheses and may hold any character.
    let (_, fields) = stat.rsplit_once(')')?;
    // utime, stime, cutime, cstime.
    let times = fields.split_whitespace().skip(11).take(4);
    let ticks: u32 = times.map_while(|ticks| ticks.parse::<u32>().ok()).sum();
    Some(Duration::from_secs(ticks.into()) / TICKS)
}

#[cfg(test)]
mod tests {
    use taskkit::missing::Missing;
    use xshell::{Shell, cmd};

    use super::*;
    use crate::cache::Cache;
    use crate::error::SupplyError;
    use crate::versions::Versions;
    use crate::workshop::{Progress, Session, minutes};

    #[derive(Default)]
    struct Told(Mutex<Vec<Made>>);

    impl Progress for Told {
        fn doing(&self, _: &str) {}

        fn made(&self, part: &Made) {
            self.0.lock().unwrap().push(part.clone());
        }
    }

    /// What is told of a part that is made so.
    fn made(work: impl FnOnce(Workshop<'_>) -> Result<()>) -> Made {
        let folder = tempfile::tempdir().unwrap();
        let (told, cache) = (Told::default(), Cache::at(folder.path().join("cache")).unwrap());
        let session = Session {
            cache: &cache,
            missing: Missing::Name,
            progress: &told,
            logs: folder.path(),
        };
        let versions = Versions::load().unwrap();
        let done = make(Workshop::without_engine(session, &versions), "part", work);
        let mut told = told.0.into_inner().unwrap();
        assert_eq!(told.len(), 1);
        let part = told.remove(0);
        assert_eq!(done.is_ok(), part.outcome == Outcome::Made, "{done:?}");
        part
    }

    /// By these scripts.
    fn made_by(scripts: &[&str], limit: Duration) -> Made {
        let sh = Shell::new().unwrap();
        made(|shop| {
            let mut all = scripts.iter();
            all.try_for_each(|script| shop.run("part", limit, cmd!(sh, "sh -c {script}")))
        })
    }

    // Elsewhere there is no `/proc`.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_child_that_works_costs_processor_time_and_one_that_waits_does_not() {
        // A child of the child works, as those of compilers do, until it has by its own account.
        let burn = "sh -c 'while read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user _ < /proc/$$/stat && \
            [ $user -lt 30 ]; do :; done'; true";
        let part = made_by(&["sleep 0.5", burn], minutes(5));
        let [waits, works] = [0, 1].map(|index| part.ran[index].processor.unwrap());
        assert!(works >= Duration::from_millis(290), "{works:?}");
        assert!(waits < works / 3, "{waits:?} {works:?}");
        assert_eq!(part.processor(), waits + works);
        assert!(part.began <= part.ran[0].began && part.ran[1].ended <= part.ended);
        assert!(part.ran[0].ended <= part.ran[1].began);
    }

    #[test]
    fn a_part_that_is_there_ran_nothing() {
        let part = made_by(&[], minutes(5));
        assert_eq!((part.outcome, part.ran.len()), (Outcome::Made, 0));
    }

    #[test]
    fn a_command_that_fails_or_takes_too_long_is_noted_with_its_time() {
        let failed = made_by(&["true", "sleep 0.2; exit 1", "true"], minutes(5));
        let late = made_by(&["sleep 60"], Duration::from_millis(200));
        for (part, count) in [(failed, 2), (late, 1)] {
            assert_eq!((part.outcome, part.ran.len()), (Outcome::Failed, count));
            let last = part.ran[count - 1];
            assert!(last.ended - last.began >= Duration::from_millis(190), "{last:?}");
        }
    }

    #[test]
    fn a_part_that_was_given_up_did_not_fail() {
        let part = made(|_| Err(anyhow::Error::from(SupplyError::Cancelled).context("get it")));
        assert_eq!(part.outcome, Outcome::Cancelled);
    }

    #[test]
    fn a_command_says_what_it_is_for() {
        for (line, kind) in [
            ("go mod download -json a/b@v1", Kind::Download),
            ("go build -mod=mod -trimpath", Kind::Compile),
            ("go mod edit -json go.mod", Kind::Pack),
            ("python3 -m pip install --quiet", Kind::Download),
            ("/cache/uv/bin/uv pip install", Kind::Download),
            ("mvn --batch-mode --quiet", Kind::Download),
            ("/usr/bin/node /usr/bin/npm pack --silent", Kind::Download),
            ("node node_modules/vite/bin/vite.js build", Kind::Compile),
            ("podman pull quay.io/a/b:v1", Kind::Download),
            ("docker build --tag a/b:v1", Kind::Pack),
            ("mmdebstrap --variant=minbase", Kind::Pack),
        ] {
            let mut words = line.split_whitespace();
            let mut command = Command::new(words.next().unwrap());
            assert_eq!(Kind::of(command.args(words)), kind, "{line}");
        }
    }
}
