//! Commits that CI makes.

use anyhow::{Context as _, Result};

use super::Git;

const AUTHOR: &str = "gitops-loop-ci <ci@gitops-loop.invalid>";

/// Where a new commit is named while it is made. Only our own view of the checkout has it.
const MADE: &str = "refs/made";

impl Git<'_> {
    /// A commit on top of `parent` that replaces `files`, which are paths and contents. It exists
    /// in the object store only, and the same input gives the same commit: it is dated like
    /// `source`.
    pub(crate) fn commit(
        &self,
        parent: &str,
        source: &str,
        files: &[(String, String)],
        text: &str,
    ) -> Result<String> {
        self.once(&format!("commit {parent} {source} {files:?} {text}"), || {
            let input = stream(parent, &self.date(source)?, files, text);
            let import = ["fast-import", "--quiet", "--done", "--force"];
            let git = self.cmd(&import)?.input(input);
            // As one file, for which Git starts no further process.
            let made = git.setting("fastimport.unpackLimit", "1").read();
            made.context("write a commit")
        })
    }
}

/// What Git imports: one commit, and the question for its name.
fn stream(parent: &str, date: &str, files: &[(String, String)], text: &str) -> String {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let message = data(&format!("{text}{end}"));
    let commit = format!(
        "commit {MADE}\nmark :1\nauthor {AUTHOR} {date}\ncommitter {AUTHOR} {date}\n{message}from {parent}\n"
    );
    let file =
        |(path, content): &(String, String)| format!("M 100644 inline {}\n{}", quoted(path), data(content));
    let files = files.iter().map(file);
    let parts = [commit].into_iter().chain(files);
    parts.chain(["get-mark :1\ndone\n".to_owned()]).collect()
}

/// A path in which every character stands for itself.
fn quoted(path: &str) -> String {
    let path = path.replace('\\', r"\\").replace('"', r#"\""#);
    format!("\"{}\"", path.replace('\n', r"\n"))
}

fn data(content: &str) -> String {
    format!("data {}\n{content}\n", content.len())
}
