//! The branch: one commit on top of the copy's own, written when everything else is done.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use gitkit::{Checkout, Git};
use semver::Version;
use tempfile::TempDir;

use super::merge::{self, Merged};
use super::releases::Releases;
use super::settle::{self, Look, Settled};
use super::{Outcome, lock, record};
use crate::prune;
use crate::tree::{File, Paths};

/// What a branch is made of.
#[derive(Debug)]
pub(super) struct Branch<'a> {
    pub(super) releases: &'a Releases,
    /// The copy, and the commit of it that the branch begins at.
    pub(super) root: &'a Path,
    pub(super) head: &'a str,
    pub(super) base: &'a Version,
    pub(super) to: &'a Version,
}

/// An index of its own, in a folder of its own.
struct Index<'a> {
    releases: &'a Releases,
    folder: TempDir,
}

impl Branch<'_> {
    fn name(&self) -> String {
        format!("template/v{}", self.to)
    }

    /// Merges what has come to `new` since `base` into the copy.
    pub(super) fn write(&self, base: &Paths, new: &Paths) -> Result<Outcome> {
        let merged = merge::merged(self.releases, self.head, &self.name(), base, new)?;
        let mut settled = settle::settled(&merged);
        let index = Index::of(self.releases, &merged.tree)?;
        self.record(&index, &merged, &mut settled)?;
        index.edit(&settled.edits)?;
        self.lock(&index, base, new, &mut settled)?;
        let tree = index.tree()?;
        let commit = self.commit(&tree, &settled.looks)?;
        self.keep(&commit)?;
        self.report(&settled.looks);
        let is_open = |look: &Look| matches!(look, Look::Conflict | Look::Lock);
        Ok(if settled.looks.values().any(is_open) {
            Outcome::Conflicts
        } else {
            Outcome::Done
        })
    }

    /// Which version the copy has then, also if it had no such file, or one that was edited.
    fn record(&self, index: &Index<'_>, merged: &Merged, settled: &mut Settled) -> Result<()> {
        let entry = merged.own.get(record::FILE).or(merged.new.get(record::FILE));
        let Some((mode, object)) = entry else {
            return Ok(());
        };
        let text = self.releases.git(&["cat-file", "blob", object]).text()?;
        let object = index.add(&record::with_version(&text, self.to))?;
        settled
            .edits
            .insert(record::FILE.to_owned(), Some((mode.clone(), object)));
        Ok(())
    }

    /// The lock file, if one of the two has changed what it follows from.
    fn lock(&self, index: &Index<'_>, base: &Paths, new: &Paths, settled: &mut Settled) -> Result<()> {
        let decides = |path: &Path| {
            path.file_name()
                .is_some_and(|name| name == lock::FILE || name == "Cargo.toml")
        };
        let of = |files: &Paths| -> BTreeMap<_, _> {
            let files = files.iter().filter(|(path, _)| decides(path));
            files.map(|(path, file)| (path.clone(), file.clone())).collect()
        };
        let own = format!("{}:{}", self.head, lock::FILE);
        let Ok(own) = self.releases.git(&["cat-file", "blob", &own]).text() else {
            return Ok(());
        };
        let mut text = own.clone();
        if of(base) != of(new) {
            let [base, new] = [base, new].map(|files| {
                let file = files.get(Path::new(lock::FILE)).and_then(File::text);
                file.unwrap_or_default()
            });
            text = lock::merged(base, &own, new);
            match index.locked(&text) {
                Ok(made) => text = made,
                Err(error) => {
                    println!("{error:#}");
                    settled.looks.insert(lock::FILE.to_owned(), Look::Lock);
                }
            }
        }
        let entry = ("100644".to_owned(), index.add(&text)?);
        index.edit(&BTreeMap::from([(lock::FILE.to_owned(), Some(entry))]))
    }

    /// A commit that nobody has yet.
    fn commit(&self, tree: &str, looks: &BTreeMap<String, Look>) -> Result<String> {
        let mut message = format!(
            "Take over version {} of the template\n\nThis copy had {}.\n",
            self.to, self.base
        );
        if !looks.is_empty() {
            message.push_str("\nTo look at:\n");
        }
        for (path, look) in looks {
            // Writing to a string cannot fail.
            let _ = writeln!(message, "- {path}: {look}");
        }
        let mut commit = self
            .releases
            .git(&["commit-tree", "-p", self.head, "-F", "-", tree])
            .as_somebody();
        let checkout = Checkout::at(self.root);
        for key in ["user.name", "user.email"] {
            if let Some((_, value)) = checkout.setting(key)? {
                commit = commit.setting(key, value);
            }
        }
        Ok(commit.input(message).read()?)
    }

    /// Brings the commit to the copy, and then the branch.
    fn keep(&self, commit: &str) -> Result<()> {
        let name = format!("refs/heads/{}", self.name());
        if let Ok(there) = Git::at(self.root)
            .args(["rev-parse", "--verify", "--quiet", &name])
            .read()
        {
            let is_same = self.same(&there, commit)?;
            ensure!(
                is_same,
                "there is a branch {0} that is not what this would write; if it is an older try, delete it \
                 (`git branch --delete --force {0}`) and run this again; nothing was written",
                self.name()
            );
            return Ok(());
        }
        let wanted = format!("{commit}\n^{}\n", self.head);
        let pack = self
            .releases
            .git(&["pack-objects", "--quiet", "--revs", "--stdout"])
            .input(wanted)
            .bytes()?;
        Git::at(self.root)
            .args(["unpack-objects", "-q"])
            .input(pack)
            .run()?;
        let create = ["update-ref", "-m", "update of the template", &name, commit, ""];
        Git::at(self.root).args(create).run().context("write the branch")
    }

    /// Whether a branch that is there already has the same content on the same commit.
    fn same(&self, there: &str, commit: &str) -> Result<bool> {
        let about = |commit: &str| {
            let git = self
                .releases
                .git(&["show", "--no-patch", "--format=%T %P", commit]);
            git.read()
        };
        Ok(about(there)? == about(commit)?)
    }

    fn report(&self, looks: &BTreeMap<String, Look>) {
        println!(
            "branch {} brings this copy from version {} of the template to {}",
            self.name(),
            self.base,
            self.to
        );
        for (path, look) in looks {
            println!("{path}: {look}");
        }
        println!(
            "next: git switch {}, look at it (git show --stat), run cargo xtask check and cargo xtask test, and merge it like any \
             other branch",
            self.name()
        );
    }
}

impl<'a> Index<'a> {
    fn of(releases: &'a Releases, tree: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder")?;
        let index = Self { releases, folder };
        index.git(&["read-tree", tree]).run()?;
        Ok(index)
    }

    fn git(&self, args: &[&str]) -> Git {
        self.releases
            .git(args)
            .env("GIT_INDEX_FILE", self.folder.path().join("index"))
    }

    /// The name of a new file with this text.
    fn add(&self, text: &str) -> Result<String> {
        let hash = self.git(&["hash-object", "-w", "--stdin"]);
        Ok(hash.input(text).read()?)
    }

    fn edit(&self, edits: &BTreeMap<String, Option<(String, String)>>) -> Result<()> {
        let none = "0".repeat(self.tree()?.len());
        let mut lines = String::new();
        for (path, entry) in edits {
            let (mode, object) = match entry {
                Some((mode, object)) => (mode.as_str(), object.as_str()),
                None => ("0", none.as_str()),
            };
            // Writing to a string cannot fail.
            let _ = write!(lines, "{mode} {object}\t{path}\0");
        }
        let update = self.git(&["update-index", "-z", "--index-info"]);
        Ok(update.input(lines).run()?)
    }

    fn tree(&self) -> Result<String> {
        Ok(self.git(&["write-tree"]).read()?)
    }

    /// The lock file that cargo makes of this one for the manifests that are in the index.
    fn locked(&self, text: &str) -> Result<String> {
        let folder = self.folder.path().join("files");
        std::fs::create_dir(&folder).context("make a folder")?;
        let files = self.git(&["checkout-index", "--all", "--force"]);
        files.env("GIT_WORK_TREE", &folder).run()?;
        std::fs::write(folder.join(lock::FILE), text).context("write Cargo.lock")?;
        prune::lock_of(&folder)
    }
}
