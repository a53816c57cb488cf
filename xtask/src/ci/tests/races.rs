//! Runs of several pushes at once, in any order: a developer pushes, each push starts a run, a reviewer merges what is open, and runs
//! are cut off and repeated. `shuttle` decides at each step who goes on, and repeats the order in which a rule was broken.
//!
//! What must hold, whatever the order:
//! 1. a merge never brings an environment back to an earlier push, nor to a mixture of two;
//! 2. at rest, the environment has the newest push, or its one open proposal has it and can be merged;
//! 3. runs started once more write nothing;
//! 4. the user's work tree and index are as before.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Result, bail, ensure};
use shuttle::rand::{Rng as _, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::atomic::AtomicUsize;
use shuttle::thread;
use xshell::{Shell, cmd};

use super::gate::{Door, Gated};
use super::model::{self, Forge, Merge, Registry, digest};
use super::{Repository, shell};
use crate::ci::apps::APPS;
use crate::ci::forge::Forge as _;
use crate::ci::git::remote::{GitRemote, Heads, Remote as _, Update};
use crate::ci::git::{Git, Memory};
use crate::ci::propose::{Place, newest};
use crate::ci::registry::Images as _;
use crate::ci::settings::Release;
use crate::ci::{overlay, plan, proposal};

/// Pushes of one story.
const PUSHES: usize = 3;
/// How often a run may fail before it counts as one that never comes to an end.
const TRIES: usize = 12;

/// Which protocol a run follows.
#[derive(Debug, Clone, Copy)]
enum Protocol {
    Ours,
    /// One that looks only once, as the reader of this file might have written it: its faults must be found.
    OneLook,
}

/// What a story is told with. Copies are for its threads.
#[derive(Clone)]
struct Story {
    work: PathBuf,
    remote: PathBuf,
    registry: Registry,
    forge: Forge,
    door: Door,
    /// Runs that have not ended.
    running: Arc<Mutex<usize>>,
    /// Of all stories: the same commits come again and again.
    memory: Memory,
    /// Each push: its commit, and the content of both apps.
    pushes: Arc<Mutex<Vec<(String, Vec<String>)>>>,
    protocol: Protocol,
}

impl Story {
    fn shell(&self) -> Shell {
        let sh = shell();
        sh.change_dir(&self.work);
        sh
    }

    /// Master of the remote as at the start, and no proposals.
    fn begin(&self, start: &str) {
        let (sh, remote) = (self.shell(), &self.remote);
        let delete = cmd!(
            sh,
            "git -C {remote} for-each-ref --format 'delete %(refname)' refs/heads/release"
        );
        let refs = delete.quiet().read().unwrap() + &format!("\nupdate refs/heads/master {start}\n");
        cmd!(sh, "git -C {remote} update-ref --stdin")
            .stdin(refs.trim_start())
            .quiet()
            .run()
            .unwrap();
    }

    fn develop(&self) -> Vec<thread::JoinHandle<()>> {
        let mut runs = Vec::new();
        for number in 0..PUSHES {
            let commit = self.push(number);
            let story = self.clone();
            runs.push(thread::spawn(move || {
                story.until_done(&|| story.run(&commit, &story.door));
                *story.running.lock().unwrap() -= 1;
            }));
            thread::yield_now();
        }
        runs
    }

    /// A commit on what `master` is now. Content comes back now and then, as it does when a change is taken back.
    fn push(&self, number: usize) -> String {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let origin = GitRemote::origin(&git).unwrap();
        let parent = origin.heads(&["master".to_owned()]).unwrap()["master"].clone();
        if git.commit_named(&parent).is_none() {
            origin.bring(&["master"]).unwrap();
        }
        let files = APPS.iter().map(|app| {
            let content = thread_rng().gen_range(0..3);
            (format!("{}/src/main.rs", app.name), format!("{content}\n"))
        });
        let files: Vec<_> = files.collect();
        let commit = git
            .commit(&parent, &parent, &files, &format!("Push {number}"))
            .unwrap();
        let content = APPS.iter().map(|app| git.fingerprint(&commit, app).unwrap());
        self.pushes
            .lock()
            .unwrap()
            .push((commit.clone(), content.collect()));
        let update = Update {
            branch: "master",
            old: Some(&parent),
            new: Some(&commit),
            options: &[],
        };
        origin.update(&update).unwrap();
        commit
    }

    /// What CI does for one push.
    fn run(&self, commit: &str, door: &Door) -> Result<()> {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let (registry, forge) = (Gated(&self.registry, door), Gated(&self.forge, door));
        for app in APPS {
            let tag = git.fingerprint(commit, app)?;
            if registry.digest(app.name, &tag)?.is_none() {
                self.registry.push(app.name, &tag);
                door.pass()?;
            }
        }
        let origin = GitRemote::origin(&git)?;
        let place = Place {
            git: &git,
            infra: &Gated(&origin, door),
            source: None,
            forge: &forge,
        };
        match self.protocol {
            Protocol::Ours => {
                place.settle(Release::Staging, |look| {
                    newest(&git, &registry, &model::image, Release::Staging, commit, look)
                })?;
                Ok(())
            }
            Protocol::OneLook => one_look(&place, &registry, commit),
        }
    }

    fn promote(&self, door: &Door) -> Result<()> {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let origin = GitRemote::origin(&git)?;
        let place = Place {
            git: &git,
            infra: &Gated(&origin, door),
            source: None,
            forge: &Gated(&self.forge, door),
        };
        let (from, to) = (Release::Staging, Release::Production);
        place.settle(to, |look| plan::promotion(&git, from, to, &look.base))?;
        Ok(())
    }

    fn until_done(&self, run: &dyn Fn() -> Result<()>) {
        let mut last = None;
        for _ in 0..TRIES {
            match run() {
                Ok(()) => return,
                Err(error) => last = Some(error),
            }
        }
        panic!("repeated {TRIES} times, and still: {last:?}");
    }

    /// Merges this and that until the last run has ended.
    fn review(&self) {
        let mut merged = [None, None];
        while *self.running.lock().unwrap() > 0 {
            thread::yield_now();
            let open = self.forge.open_branches();
            if open.is_empty() || thread_rng().gen_bool(0.5) {
                continue;
            }
            let branch = &open[thread_rng().gen_range(0..open.len())];
            let how = if thread_rng().gen_bool(0.5) {
                Merge::Commit
            } else {
                Merge::Squash
            };
            if self.forge.merge(branch, how) {
                let release =
                    [Release::Staging, Release::Production][usize::from(branch.contains("production"))];
                let now = self.pinned(release).expect("rule 1");
                let before = merged[release as usize].replace(now);
                assert!(before <= Some(now), "rule 1: from push {before:?} back to {now}");
            }
        }
    }

    /// The push that an environment is pinned to.
    fn pinned(&self, release: Release) -> Result<usize> {
        let (sh, remote) = (self.shell(), &self.remote);
        let pushes = self.pushes.lock().unwrap();
        let mut found = None;
        for (at, app) in APPS.iter().enumerate() {
            let file = format!("refs/heads/master:{}", app.overlay(release.environment()));
            let text = cmd!(sh, "git -C {remote} show {file}").quiet().read()?;
            let pin = overlay::pin(&text, app.name)?;
            let commit = pin.commit.unwrap_or_default();
            let Some(number) = pushes.iter().position(|(pushed, _)| *pushed == commit) else {
                bail!("{} is pinned to {commit:?}, which was never pushed", app.name);
            };
            ensure!(
                pin.digest == digest(&pushes[number].1[at]),
                "{} has not the image of push {number}",
                app.name
            );
            ensure!(
                found.is_none_or(|found| found == number),
                "the apps are of different pushes"
            );
            found = Some(number);
        }
        found.map_or_else(|| bail!("there are no apps"), Ok)
    }

    fn heads(&self) -> Heads {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        GitRemote::origin(&git).unwrap().heads(&["*".to_owned()]).unwrap()
    }

    /// The rules that hold once all runs have ended.
    fn at_rest(&self) {
        let open_door = Door::open();
        let pushes = self.pushes.lock().unwrap().clone();
        let newest = pushes.last().unwrap();
        let before = (self.heads(), self.forge.written());
        for (commit, _) in [&pushes[0], newest] {
            self.run(commit, &open_door).expect("rule 3: fails");
        }
        assert_eq!((self.heads(), self.forge.written()), before, "rule 3: writes");
        for (to, push) in [(Release::Staging, true), (Release::Production, false)] {
            if !push {
                // Staging has the newest by now.
                self.promote(&open_door).expect("promote");
            }
            let prefix = proposal::prefix(to.environment());
            let open = self.forge.open_proposals(&prefix).unwrap();
            assert!(open.len() <= 1, "rule 2: {open:?} are open");
            for open in open {
                assert!(
                    self.forge.merge(&open.branch, Merge::Commit),
                    "rule 2: {open:?} has a conflict"
                );
            }
            let content = self.pinned_content(to);
            assert_eq!(content, newest.1, "rule 2: {to:?} has not the newest push");
        }
    }

    fn pinned_content(&self, release: Release) -> Vec<String> {
        let (sh, remote) = (self.shell(), &self.remote);
        let content = APPS.iter().map(|app| {
            let file = format!("refs/heads/master:{}", app.overlay(release.environment()));
            let text = cmd!(sh, "git -C {remote} show {file}").quiet().read().unwrap();
            let pin = overlay::pin(&text, app.name).unwrap();
            pin.digest.trim_start_matches("sha256:").to_owned()
        });
        content.collect()
    }

    fn tell(&self) {
        let promoter = {
            let story = self.clone();
            thread::spawn(move || {
                while *story.running.lock().unwrap() > 0 {
                    // Before the first release there is nothing to promote.
                    let _ = story.promote(&story.door);
                    thread::yield_now();
                }
            })
        };
        let reviewer = {
            let story = self.clone();
            thread::spawn(move || story.review())
        };
        for run in self.develop() {
            run.join().unwrap();
        }
        promoter.join().unwrap();
        reviewer.join().unwrap();
        self.at_rest();
    }
}

/// Pushes, opens and closes what is older, all by one look at the beginning.
fn one_look(place: &Place<'_, '_>, registry: &Gated<'_, Registry>, commit: &str) -> Result<()> {
    let branches = place
        .infra
        .heads(&["master".to_owned(), "release/*".to_owned()])?;
    let base = &branches["master"];
    place.infra.bring(&["master"])?;
    let plan = plan::compute(place.git, registry, &model::image, Release::Staging, commit, base)?;
    if !plan.release {
        return Ok(());
    }
    let proposed = proposal::describe(&plan);
    let made = proposal::commit(place.git, &plan, &proposed, base)?;
    let update = Update {
        branch: &proposed.branch,
        old: branches.get(&proposed.branch).map(String::as_str),
        new: Some(&made),
        options: &[],
    };
    if update.old != update.new {
        place.infra.update(&update)?;
    }
    let open = place.forge.open_proposals("release/staging-")?;
    if !open.iter().any(|open| open.branch == proposed.branch) {
        place.forge.open(&proposed)?;
    }
    for open in open {
        let name = proposal::commit_of(&open.branch, "staging").unwrap_or_default();
        let older = place.git.commit_named(name).unwrap_or_default();
        if older != commit && place.git.is_ancestor(&older, commit)? {
            place.forge.close(&open, "older")?;
        }
    }
    Ok(())
}

/// Tells stories in the orders that `scheduler` chooses.
fn explore(scheduler: impl Scheduler + 'static, protocol: Protocol) {
    let repository = Repository::new();
    repository.write("backend/src/main.rs", "unfinished\n");
    repository.write("notes.txt", "untracked\n");
    repository.write("README.md", "staged\n");
    repository.git(&["add", "README.md"]);
    let state = || repository.git(&["status", "--porcelain", "--branch"]);
    let before = state();
    let start = repository.git(&["rev-parse", "HEAD"]);
    let work = repository.sh.current_dir();
    let remote = repository.remote.clone();
    let memory = Memory::default();
    let mut config = shuttle::Config::new();
    // Starting a process takes more than the default.
    config.stack_size = 1 << 20;
    shuttle::Runner::new(scheduler, config).run(move || {
        let story = Story {
            work: work.clone(),
            remote: remote.clone(),
            registry: Registry::default(),
            forge: Forge::of(remote.clone()),
            door: Door::failing(Arc::new(AtomicUsize::new(2))),
            running: Arc::new(Mutex::new(PUSHES)),
            memory: memory.clone(),
            pushes: Arc::default(),
            protocol,
        };
        story.begin(&start);
        story.tell();
    });
    assert_eq!(state(), before, "rule 4");
}

#[test]
fn no_order_of_runs_breaks_a_rule() {
    explore(RandomScheduler::new_from_seed(1, 20), Protocol::Ours);
}

#[test]
fn no_run_that_is_held_up_for_long_breaks_a_rule() {
    explore(PctScheduler::new_from_seed(2, 4, 20), Protocol::Ours);
}

#[test]
#[should_panic(expected = "rule")]
fn a_protocol_of_one_look_is_found_out() {
    explore(PctScheduler::new_from_seed(3, 4, 100), Protocol::OneLook);
}
