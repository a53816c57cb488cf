//! Who starts the runs of a simulation and merges what they propose: a developer, a promoter, a
//! reviewer.

use anyhow::Result;
use shuttle::rand::{Rng as _, thread_rng};
use shuttle::thread;

use super::{PUSHES, Push, Simulation, until_done};
use crate::ci::git::Git;
use crate::ci::plan;
use crate::ci::proposals::Proposals;
use crate::ci::tests::door::{Door, Gated};
use crate::ci::tests::model::Merge;
use crate::environment::{apps, project};

impl Simulation {
    /// Pushes, and starts the runs of each push.
    pub(super) fn develop(&self) -> Vec<thread::JoinHandle<()>> {
        let mut runs = Vec::new();
        for number in 0..PUSHES {
            let commit = self.push(number);
            for own in self.protocol.runs() {
                let (simulation, commit) = (self.clone(), commit.clone());
                runs.push(thread::spawn(move || {
                    until_done(&|| simulation.run(&commit, own, &simulation.door));
                    *simulation.running.lock().unwrap() -= 1;
                }));
            }
            thread::yield_now();
        }
        runs
    }

    /// A commit on what `master` is now. Content comes back now and then, as it does when a change
    /// is taken back, and some commits have the content of the one before.
    fn push(&self, number: usize) -> String {
        let before = self.pushes.lock().unwrap().last().cloned();
        let (commit, content) = match before {
            Some((_, content)) if thread_rng().gen_bool(0.25) => (self.prose(number), content),
            _ => self.change(number),
        };
        self.pushes.lock().unwrap().push((commit.clone(), content));
        commit
    }

    fn change(&self, number: usize) -> Push {
        self.change_to(number, || thread_rng().gen_range(0..3).to_string())
    }

    /// A push of new content of each app.
    pub(in crate::ci::tests) fn change_to(&self, number: usize, content: impl Fn() -> String) -> Push {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let parent = self.master(&git);
        let files = apps()
            .iter()
            .map(|app| (format!("{}/src/main.rs", app.name()), content() + "\n"));
        let files: Vec<_> = files.collect();
        let commit = git
            .commit(&parent, &parent, &files, &format!("Push {number}"))
            .unwrap();
        let content = apps().iter().map(|app| git.fingerprint(&commit, app).unwrap());
        let content = content.collect();
        self.take(&git, &parent, &commit);
        (commit, content)
    }

    /// What one run of the promoter does.
    pub(in crate::ci::tests) fn promote(&self, door: &Door) -> Result<()> {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let origin = self.remote(&git);
        let proposals = Proposals {
            git: &git,
            infra: &Gated(&origin, door),
            source: None,
            forge: &Gated(&self.forge, door),
            gate: self.protocol.gate(),
        };
        let (from, to) = (project().first(), project().last());
        proposals.settle(to, |look| plan::promotion(&git, from, to, None, &look.base))?;
        Ok(())
    }

    /// Merges this and that until the last run has ended.
    pub(super) fn review(&self) {
        let mut merged = [None, None];
        while *self.running.lock().unwrap() > 0 {
            // A yield alone would always let every run go first.
            if thread_rng().gen_bool(0.3) {
                thread::yield_now();
            } else {
                self.door.others_first();
            }
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
                let at = usize::from(branch.contains(project().last().name()));
                let environment = [project().first(), project().last()][at];
                let before = merged[at];
                let now = self.pinned(environment, before).expect("rule 1");
                merged[at] = Some(now);
                assert!(before <= Some(now), "rule 1: from push {before:?} back to {now}");
                let is_behind = environment != project().first();
                assert!(!is_behind || self.is_proven(environment), "rule 5: push {now}");
            }
        }
    }
}
