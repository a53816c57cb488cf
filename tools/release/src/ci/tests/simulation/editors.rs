//! Who changes `master` beside the releases: somebody whose tool writes overlays anew, and pushes
//! of words alone.

use shuttle::rand::{Rng as _, thread_rng};
use shuttle::thread;

use super::Simulation;
use crate::ci::git::Git;
use crate::ci::git::remote::{Remote as _, Update};
use crate::ci::tests::git;
use crate::ci::tests::rewrites::{ALL, Rewrite};
use crate::environment::{Environment, apps, project};
use project::App;

/// Each rewrite may cost every run a further try.
const REWRITES: usize = 2;

impl Simulation {
    /// Writes this and that overlay anew, until the last run has ended.
    pub(super) fn edit(&self) {
        while *self.running.lock().unwrap() > 0 {
            thread::yield_now();
            self.door.others_first();
            if *self.rewritten.lock().unwrap() < REWRITES && thread_rng().gen_bool(0.2) {
                self.rewrite();
            }
        }
    }

    fn rewrite(&self) {
        let rewrite = ALL[thread_rng().gen_range(0..ALL.len())];
        let environment = [project().first(), project().last()][usize::from(thread_rng().gen_bool(0.3))];
        let alone = usize::from(thread_rng().gen_bool(0.3));
        if self.rewrite_by(rewrite, environment, &apps()[alone..]) {
            *self.rewritten.lock().unwrap() += 1;
        }
    }

    /// Whether the tool finds anything to write in another way.
    pub(in crate::ci::tests) fn rewrite_by(
        &self,
        rewrite: Rewrite,
        environment: Environment,
        apps: &[App],
    ) -> bool {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let parent = self.master(&git);
        let mut files = Vec::new();
        for app in apps {
            let path = app.overlay(environment);
            let before = git.file(&parent, &path).unwrap();
            let after = rewrite.of(&before);
            if after != before {
                files.push((path, after));
            }
        }
        if !files.is_empty() {
            let commit = git.commit(&parent, &parent, &files, "Format").unwrap();
            self.take(&git, &parent, &commit);
        }
        !files.is_empty()
    }

    /// Words on what `master` is now, perhaps by a branch that was brought up to date: then
    /// `master` is its second parent.
    pub(super) fn prose(&self, number: usize) -> String {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let parent = self.master(&git);
        let file = |path: &str| (path.to_owned(), format!("Words {number}\n"));
        let files = [file("backend/README.md"), file("README.md")];
        let words = git
            .commit(&parent, &parent, &files, &format!("Push {number}"))
            .unwrap();
        if thread_rng().gen_bool(0.5) {
            self.take(&git, &parent, &words);
            return words;
        }
        self.take_merged(&git, &parent, &words)
    }

    /// Moves `master` on to a merge of itself into a branch that began at its root, with the tree
    /// of `words`.
    fn take_merged(&self, known: &Git<'_>, master: &str, words: &str) -> String {
        let (sh, there) = (self.shell(), self.remote.display().to_string());
        let there = |args: &[&str]| git(&sh, &[&["-C", &there][..], args].concat()).read().unwrap();
        let update = Update {
            branch: "words",
            old: None,
            new: Some(words),
            options: &[],
        };
        self.remote(known).update(&update).unwrap();
        let root = there(&["rev-list", "--max-parents=0", master]);
        let tree = format!("{words}^{{tree}}");
        let merge = there(&["commit-tree", &tree, "-m", "Merge", "-p", &root, "-p", master]);
        there(&["update-ref", "refs/heads/master", &merge, master]);
        there(&["update-ref", "-d", "refs/heads/words"]);
        self.remote(known).bring(&["master"]).unwrap();
        merge
    }

    /// Where `master` is, with its history.
    pub(super) fn master(&self, git: &Git<'_>) -> String {
        let origin = self.remote(git);
        let master = origin.heads(&["master".to_owned()]).unwrap()["master"].clone();
        if git.commit_named(&master).is_none() {
            origin.bring(&["master"]).unwrap();
        }
        master
    }

    /// Moves `master` on.
    pub(super) fn take(&self, git: &Git<'_>, old: &str, new: &str) {
        let update = Update {
            branch: "master",
            old: Some(old),
            new: Some(new),
            options: &[],
        };
        self.remote(git).update(&update).unwrap();
    }
}
