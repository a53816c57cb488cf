//! What an image is made of, as a commit has it.

use anyhow::{Context as _, Result};
use project::App;

use super::Git;
use crate::ci::apps::{IGNORED_SUFFIX, LOCK, SHARED, locked};
use crate::ci::lock;
use crate::environment::apps;

impl Git<'_> {
    /// Hash over everything the image of `app` is made from, as committed in `commit`.
    pub(crate) fn fingerprint(&self, commit: &str, app: &App) -> Result<String> {
        let found = self.content(commit, app)?;
        found.with_context(|| {
            format!(
                "commit {commit} has no files of {app} in {}; check its folder in {}",
                app.folder(),
                project::FILE
            )
        })
    }

    /// The same; nothing if the commit is older than the app, or later than its end.
    fn content(&self, commit: &str, app: &App) -> Result<Option<String>> {
        let hash = self.once(&format!("fingerprint {commit} {app}"), || {
            let mut args = vec!["ls-tree", "-r", "--full-tree", commit, "--"];
            args.extend(SHARED.iter().copied().chain([app.folder()]));
            let tree = self
                .read(&args)
                .with_context(|| format!("list the files of {app}"))?;
            if !tree.contains(&format!("\t{}/", app.folder())) {
                return Ok(String::new());
            }
            let mut content = String::new();
            for line in tree.lines().filter(|line| !is_prose(line)) {
                // Of this file a part counts, if that can be told.
                let reached = if is_file(line, LOCK) {
                    lock::reached(&self.file(commit, LOCK)?, &locked(app))
                } else {
                    None
                };
                content.push_str(reached.as_deref().unwrap_or(line));
                content.push('\n');
            }
            self.hash(&content)
        })?;
        Ok(Some(hash).filter(|hash| !hash.is_empty()))
    }

    /// Whether every app is the same in both commits.
    pub(crate) fn same_content(&self, one: &str, other: &str) -> Result<bool> {
        for app in apps() {
            if self.content(one, app)? != self.content(other, app)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a line of Git's list is about prose. Git quotes a name with an umlaut.
fn is_prose(line: &str) -> bool {
    line.strip_suffix('"').unwrap_or(line).ends_with(IGNORED_SUFFIX)
}

/// Whether it is about the file at `path`.
fn is_file(line: &str, path: &str) -> bool {
    line.split_once('\t').is_some_and(|(_, file)| file == path)
}
