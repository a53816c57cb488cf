//! Git as the release verbs need it: reads trees and histories, makes commits. Never touches the work tree or the user's index.

pub(crate) mod remote;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use xshell::{Cmd, Shell, cmd};

use crate::ci::apps::{APPS, App, IGNORED_SUFFIX, SHARED};

const AUTHOR: &str = "gitops-loop-ci";
const AUTHOR_EMAIL: &str = "ci@gitops-loop.invalid";

/// The checkout a shell stands in, and what was learnt about its commits: those never change.
pub(crate) struct Git<'sh> {
    sh: &'sh Shell,
    fingerprints: RefCell<HashMap<(String, &'static str), String>>,
    ancestors: RefCell<HashMap<(String, String), bool>>,
}

impl<'sh> Git<'sh> {
    pub(crate) fn new(sh: &'sh Shell) -> Self {
        Self {
            sh,
            fingerprints: RefCell::default(),
            ancestors: RefCell::default(),
        }
    }

    pub(crate) fn head(&self) -> Result<String> {
        self.cmd(&["rev-parse", "HEAD"])
            .read()
            .context("find the commit to release")
    }

    /// The full name of a commit that this checkout has, by any name.
    pub(crate) fn commit_named(&self, name: &str) -> Option<String> {
        let name = format!("{name}^{{commit}}");
        self.cmd(&["rev-parse", "--verify", "--quiet", &name])
            .ignore_stderr()
            .read()
            .ok()
    }

    /// Whether the history ends early: then "is an ancestor of" cannot be answered.
    pub(crate) fn is_shallow(&self) -> Result<bool> {
        let answer = self
            .cmd(&["rev-parse", "--is-shallow-repository"])
            .read()
            .context("ask whether the checkout is shallow")?;
        Ok(answer == "true")
    }

    /// Hash over everything the image of `app` is made from, as committed in `commit`.
    pub(crate) fn fingerprint(&self, commit: &str, app: &App) -> Result<String> {
        let key = (commit.to_owned(), app.name);
        if let Some(known) = self.fingerprints.borrow().get(&key) {
            return Ok(known.clone());
        }
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
        let fingerprint = self.hash(&content)?;
        self.fingerprints.borrow_mut().insert(key, fingerprint.clone());
        Ok(fingerprint)
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

    pub(crate) fn file(&self, commit: &str, path: &str) -> Result<String> {
        let object = format!("{commit}:{path}");
        // `read` would trim the last newline, and the file is written back.
        let output = self
            .cmd(&["show", &object])
            .output()
            .with_context(|| format!("read {path} of {commit}"))?;
        String::from_utf8(output.stdout).with_context(|| format!("{path} is not valid UTF-8"))
    }

    /// Whether the history of `descendant` holds `ancestor`; a commit holds itself. Unknown commits count as unrelated.
    pub(crate) fn is_ancestor(&self, ancestor: &str, descendant: &str) -> Result<bool> {
        if ancestor == descendant {
            return Ok(true);
        }
        let key = (ancestor.to_owned(), descendant.to_owned());
        if let Some(known) = self.ancestors.borrow().get(&key) {
            return Ok(*known);
        }
        let output = self
            .cmd(&["merge-base", "--is-ancestor", ancestor, descendant])
            .ignore_status()
            .ignore_stderr()
            .output()
            .context("compare two commits")?;
        let known = match output.status.code() {
            Some(0) => true,
            Some(1) => false,
            // Not here; it may be fetched later.
            _ => return Ok(false),
        };
        self.ancestors.borrow_mut().insert(key, known);
        Ok(known)
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
