//! Git as the release verbs need it: reads trees and histories, makes commits. Never touches the work tree or the user's index.

pub(crate) mod remote;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result, bail};
use xshell::{Cmd, Shell, cmd};

use crate::ci::apps::{APPS, App, IGNORED_SUFFIX, SHARED};

const AUTHOR: &str = "gitops-loop-ci";
const AUTHOR_EMAIL: &str = "ci@gitops-loop.invalid";

/// A commit's name as people write it.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// Answers about commits by their full names: what is true of one stays true.
pub(crate) type Memory = Arc<Mutex<HashMap<String, String>>>;

/// The checkout a shell stands in.
pub(crate) struct Git<'sh> {
    sh: &'sh Shell,
    memory: Memory,
}

impl<'sh> Git<'sh> {
    pub(crate) fn new(sh: &'sh Shell) -> Self {
        Self::remembering(sh, Memory::default())
    }

    /// With what was learnt about the same checkout before.
    pub(crate) fn remembering(sh: &'sh Shell, memory: Memory) -> Self {
        Self { sh, memory }
    }

    pub(crate) fn head(&self) -> Result<String> {
        self.cmd(&["rev-parse", "HEAD"])
            .read()
            .context("find the commit to release")
    }

    /// The full name of a commit that this checkout has, by any name of it alone.
    pub(crate) fn commit_named(&self, name: &str) -> Option<String> {
        self.once(&format!("named {name}"), || {
            let name = format!("{name}^{{commit}}");
            let answer = self
                .cmd(&["rev-parse", "--verify", "--quiet", &name])
                .ignore_stderr();
            Ok(answer.read()?)
        })
        .ok()
    }

    /// Whether the history ends early: then "is an ancestor of" cannot be answered.
    pub(crate) fn is_shallow(&self) -> Result<bool> {
        let answer = self.once("shallow", || {
            let answer = self.cmd(&["rev-parse", "--is-shallow-repository"]).read();
            answer.context("ask whether the checkout is shallow")
        });
        Ok(answer? == "true")
    }

    /// When `commit` was committed, in seconds since 1970.
    pub(crate) fn seconds(&self, commit: &str) -> Result<u64> {
        let answer = self.once(&format!("seconds {commit}"), || {
            let answer = self.cmd(&["show", "--no-patch", "--format=%ct", commit]).read();
            answer.with_context(|| format!("ask when {commit} was committed"))
        })?;
        answer
            .parse()
            .with_context(|| format!("read the time `{answer}`"))
    }

    /// Hash over everything the image of `app` is made from, as committed in `commit`.
    pub(crate) fn fingerprint(&self, commit: &str, app: &App) -> Result<String> {
        self.once(&format!("fingerprint {commit} {}", app.name), || {
            let mut args = vec!["ls-tree", "-r", "--full-tree", commit, "--"];
            args.extend(SHARED.iter().chain(app.paths));
            let tree = self
                .cmd(&args)
                .read()
                .with_context(|| format!("list the files of {}", app.name))?;
            let content: String = tree
                .lines()
                .filter(|line| !line.ends_with(IGNORED_SUFFIX))
                .flat_map(|line| [line, "\n"])
                .collect();
            if !content.contains(&format!("\t{}/", app.name)) {
                bail!(
                    "commit {commit} has no files of {}; check the paths in xtask/src/ci/apps.rs",
                    app.name
                );
            }
            self.hash(&content)
        })
    }

    /// The last commit in the history of `tip` that changed what images are made from.
    pub(crate) fn last_change(&self, tip: &str) -> Result<String> {
        self.once(&format!("last change {tip}"), || {
            let mut args = vec!["rev-list", "-1", "--first-parent", tip, "--"];
            args.extend(SHARED.iter().chain(APPS.iter().flat_map(|app| app.paths)));
            let found = self.cmd(&args).read();
            let found = found.context("find the last change of an app")?;
            Ok(if found.is_empty() { tip.to_owned() } else { found })
        })
    }

    /// The commits in the history of `tip` that changed one of `paths`, newest first.
    pub(crate) fn changes(&self, tip: &str, paths: &[String]) -> Result<Vec<String>> {
        let mut args = vec!["rev-list", "--first-parent", tip, "--"];
        args.extend(paths.iter().map(String::as_str));
        let found = self.cmd(&args).read();
        let found = found.with_context(|| format!("list the changes of {}", paths.join(" and ")))?;
        Ok(found.lines().map(str::to_owned).collect())
    }

    /// Whether every app is the same in both commits.
    pub(crate) fn same_content(&self, one: &str, other: &str) -> Result<bool> {
        for app in APPS {
            if self.fingerprint(one, app)? != self.fingerprint(other, app)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) fn hash(&self, text: &str) -> Result<String> {
        self.cmd(&["hash-object", "--stdin"])
            .stdin(text)
            .read()
            .context("hash a text")
    }

    /// A commit as `git am` takes it.
    pub(crate) fn patch(&self, commit: &str) -> Result<String> {
        self.cmd(&[
            "format-patch",
            "--max-count=1",
            "--stdout",
            "--no-signature",
            commit,
        ])
        .read()
        .context("write a commit as a patch")
    }

    pub(crate) fn file(&self, commit: &str, path: &str) -> Result<String> {
        let object = format!("{commit}:{path}");
        self.once(&object, || {
            // `read` would trim the last newline, and the file is written back.
            let output = self.cmd(&["show", &object]).output();
            let output = output.with_context(|| format!("read {path} of {commit}"))?;
            String::from_utf8(output.stdout).with_context(|| format!("{path} is not valid UTF-8"))
        })
    }

    /// Whether the history of `descendant` holds `ancestor`; a commit holds itself. Unknown commits count as unrelated.
    pub(crate) fn is_ancestor(&self, ancestor: &str, descendant: &str) -> bool {
        if ancestor == descendant {
            return true;
        }
        let answer = self.once(&format!("ancestor {ancestor} {descendant}"), || {
            let output = self
                .cmd(&["merge-base", "--is-ancestor", ancestor, descendant])
                .ignore_status()
                .ignore_stderr()
                .output()
                .context("compare two commits")?;
            match output.status.code() {
                Some(0) => Ok("yes".to_owned()),
                Some(1) => Ok("no".to_owned()),
                // Not here; it may be fetched later.
                _ => bail!("one of the commits is not here"),
            }
        });
        answer.is_ok_and(|answer| answer == "yes")
    }

    /// A commit on top of `parent` that replaces `files`. It exists in the object store only, and the same input gives
    /// the same commit: it is dated like `source`.
    pub(crate) fn commit(
        &self,
        parent: &str,
        source: &str,
        files: &[(String, String)],
        text: &str,
    ) -> Result<String> {
        self.once(&format!("commit {parent} {source} {files:?} {text}"), || {
            self.write_commit(parent, source, files, text)
        })
    }

    fn write_commit(
        &self,
        parent: &str,
        source: &str,
        files: &[(String, String)],
        text: &str,
    ) -> Result<String> {
        let scratch = tempfile::tempdir().context("make a folder for a Git index")?;
        let index = scratch.path().join("index");
        self.with_index(&index, &["read-tree", parent])
            .run()
            .context("read the tree to change")?;
        let mut entries = String::new();
        for (path, content) in files {
            let blob = self
                .cmd(&["hash-object", "-w", "--stdin"])
                .stdin(content)
                .read()?;
            // Writing to a string cannot fail.
            let _ = writeln!(entries, "100644 {blob}\t{path}");
        }
        self.with_index(&index, &["update-index", "--add", "--index-info"])
            .stdin(entries)
            .run()
            .context("change the tree")?;
        let tree = self
            .with_index(&index, &["write-tree"])
            .read()
            .context("write the changed tree")?;
        let date = self.cmd(&["show", "--no-patch", "--format=%cI", source]).read()?;
        let mut commit = self
            .cmd(&["commit-tree", "--no-gpg-sign", &tree, "-p", parent, "-F", "-"])
            .stdin(text);
        for role in ["AUTHOR", "COMMITTER"] {
            commit = commit
                .env(format!("GIT_{role}_NAME"), AUTHOR)
                .env(format!("GIT_{role}_EMAIL"), AUTHOR_EMAIL)
                .env(format!("GIT_{role}_DATE"), &date);
        }
        commit.read().context("write the commit")
    }

    /// The answer to `question`, asked the first time only; a fault is no answer.
    fn once(&self, question: &str, ask: impl FnOnce() -> Result<String>) -> Result<String> {
        let known = self.memory.lock().ok();
        if let Some(answer) = known.and_then(|known| known.get(question).cloned()) {
            return Ok(answer);
        }
        let answer = ask()?;
        if let Ok(mut known) = self.memory.lock() {
            known.insert(question.to_owned(), answer.clone());
        }
        Ok(answer)
    }

    fn with_index(&self, index: &Path, args: &[&str]) -> Cmd<'sh> {
        self.cmd(args).env("GIT_INDEX_FILE", index)
    }

    fn cmd(&self, args: &[&str]) -> Cmd<'sh> {
        cmd!(self.sh, "git {args...}")
            .env("GIT_TERMINAL_PROMPT", "0")
            // Its words are read where a remote refuses.
            .env("LC_ALL", "C")
            .quiet()
    }
}
