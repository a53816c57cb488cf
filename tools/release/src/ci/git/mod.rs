//! Git as the release verbs need it: reads trees and histories, makes commits. Never touches the
//! work tree or the user's index.
//!
//! All of it goes through a view of the checkout without branches and settings (`gitkit`), so every
//! commit is named in full.

mod arrivals;
mod commit;
mod content;
pub(crate) mod history;
pub(crate) mod remote;

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result, anyhow, bail};
pub(crate) use gitkit::short;
use gitkit::{Checkout, View};
use xshell::Shell;

/// The remote that the checkout is of.
const ORIGIN: &str = "origin";

/// What is known of one checkout.
#[derive(Debug, Default)]
pub(crate) struct CheckoutCache {
    /// About commits by their full names: what is true of one stays true.
    answers: Mutex<HashMap<String, String>>,
    /// Of files, by the names of their contents.
    texts: Mutex<HashMap<String, String>>,
    view: Mutex<Option<Arc<View>>>,
}

/// The same, shared.
pub(crate) type Memory = Arc<CheckoutCache>;

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
        self.checkout()
            .head()
            .context("find the commit to release (HEAD of this checkout)")
    }

    /// The full name of a commit that this checkout has, by any name of it alone.
    pub(crate) fn commit_named(&self, name: &str) -> Option<String> {
        self.once(&format!("named {name}"), || {
            let found = self.view()?.object(&format!("{name}^{{commit}}"))?;
            Ok(found.context("there is no such commit")?.id)
        })
        .ok()
    }

    /// Whether the history ends early: then "is an ancestor of" cannot be answered.
    pub(crate) fn is_shallow(&self) -> Result<bool> {
        let answer = self.once("shallow", || {
            let answer = self.read(&["rev-parse", "--is-shallow-repository"]);
            answer.context("ask whether the checkout is shallow")
        });
        Ok(answer? == "true")
    }

    /// When `commit` was committed, in seconds since 1970.
    pub(crate) fn seconds(&self, commit: &str) -> Result<u64> {
        let date = self.date(commit)?;
        let seconds = date.split(' ').next().unwrap_or_default();
        seconds
            .parse()
            .with_context(|| format!("read the time `{date}` of {commit}"))
    }

    /// The same with the time zone, as Git writes both into a commit.
    fn date(&self, commit: &str) -> Result<String> {
        self.once(&format!("date {commit}"), || {
            let text = self.text_of(commit)?;
            let line = text.lines().find(|line| line.starts_with("committer "));
            let date = line.and_then(|line| line.rsplit_once("> "));
            let (_, date) = date.with_context(|| format!("commit {commit} has no date"))?;
            Ok(date.to_owned())
        })
    }

    /// What a commit says.
    pub(crate) fn message(&self, commit: &str) -> Result<String> {
        let text = self.text_of(commit)?;
        let message = text.split_once("\n\n").map(|(_, message)| message);
        let message = message.unwrap_or_default();
        Ok(message.strip_suffix('\n').unwrap_or(message).to_owned())
    }

    /// A commit as Git keeps it.
    fn text_of(&self, commit: &str) -> Result<String> {
        let found = self.view()?.object(&format!("{commit}^{{commit}}"))?;
        let found = found.with_context(|| format!("there is no commit {commit} here"))?;
        Ok(String::from_utf8_lossy(&found.content).into_owned())
    }

    /// What Git would call files with these texts.
    pub(crate) fn hashes(&self, texts: &[String]) -> Result<Vec<String>> {
        let scratch = tempfile::tempdir().context("make a folder for texts to hash")?;
        let mut files = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let file = scratch.path().join(at.to_string());
            fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
            files.push(file);
        }
        let hash = self.cmd(&["hash-object", "--no-filters", "--"])?.args(files);
        let hashes = hash.read().context("hash texts")?;
        Ok(hashes.lines().map(str::to_owned).collect())
    }

    /// A commit as `git am` takes it.
    pub(crate) fn patch(&self, commit: &str) -> Result<String> {
        let args = [
            "format-patch",
            "--max-count=1",
            "--stdout",
            "--no-signature",
            commit,
        ];
        let patch = self.read(&args).context("write a commit as a patch")?;
        Ok(patch.trim_end_matches('\n').to_owned())
    }

    pub(crate) fn file(&self, commit: &str, path: &str) -> Result<String> {
        self.once(&format!("{commit}:{path}"), || {
            let text = self.text_at(commit, path)?;
            text.with_context(|| format!("commit {commit} has no {path}"))
        })
    }

    /// The same, where there may be no such file; then it is empty.
    pub(crate) fn file_if_any(&self, commit: &str, path: &str) -> Result<String> {
        self.once(&format!("perhaps {commit}:{path}"), || {
            Ok(self.text_at(commit, path)?.unwrap_or_default())
        })
    }

    fn text_at(&self, commit: &str, path: &str) -> Result<Option<String>> {
        let found = self.objects(&[&format!("{commit}:{path}")])?.pop().flatten();
        let text = found.map(String::from_utf8).transpose();
        text.with_context(|| format!("{path} of {commit} is no text"))
    }

    /// Whether the history of `descendant` holds `ancestor`; a commit holds itself. Unknown commits
    /// count as unrelated.
    pub(crate) fn is_ancestor(&self, ancestor: &str, descendant: &str) -> bool {
        if ancestor == descendant {
            return true;
        }
        let answer = self.once(&format!("ancestor {ancestor} {descendant}"), || {
            let output = self
                .cmd(&["merge-base", "--is-ancestor", ancestor, descendant])?
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

    /// The answer to `question`, asked the first time only; a fault is no answer.
    pub(crate) fn once(&self, question: &str, ask: impl FnOnce() -> Result<String>) -> Result<String> {
        let known = self.memory.answers.lock().ok();
        if let Some(answer) = known.and_then(|known| known.get(question).cloned()) {
            return Ok(answer);
        }
        let answer = ask()?;
        if let Ok(mut known) = self.memory.answers.lock() {
            known.insert(question.to_owned(), answer.clone());
        }
        Ok(answer)
    }

    /// What Git prints, without the newline at its end.
    fn read(&self, args: &[&str]) -> Result<String> {
        Ok(self.cmd(args)?.read()?)
    }

    fn cmd(&self, args: &[&str]) -> Result<gitkit::Git> {
        Ok(self.view()?.git(args))
    }

    fn checkout(&self) -> Checkout {
        Checkout::of(&self.sh.cmd(gitkit::PROGRAM).into()).alone()
    }

    /// The checkout without its branches and settings, opened at the first question.
    fn view(&self) -> Result<Arc<View>> {
        let lock = || anyhow!("another thread panicked while it opened the checkout");
        let mut known = self.memory.view.lock().map_err(|_| lock())?;
        if let Some(view) = &*known {
            return Ok(view.clone());
        }
        let view = self.checkout().view(ORIGIN).context("read this checkout")?;
        Ok(known.insert(Arc::new(view)).clone())
    }
}
