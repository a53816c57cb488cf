//! The tags of a repository elsewhere.

use anyhow::{Context as _, Result};

use super::{GitRemote, Heads};

/// What stands behind the name of a tag with a message where the commit is told that it is of.
const PEELED: &str = "^{}";

impl GitRemote<'_, '_> {
    /// The tags whose names begin with `start`, each with its commit.
    pub(crate) fn tags(&self, start: &str) -> Result<Heads> {
        let pattern = format!("refs/tags/{start}*");
        let answer = self.run(&["ls-remote", self.name, &pattern]);
        let answer = answer.context("list the tags")?;
        let mut tags = Heads::new();
        // Git lists the tag before its commit, which takes its place.
        for line in answer.lines() {
            let named = line.split_once('\t');
            let named = named.and_then(|(object, name)| Some((object, name.strip_prefix("refs/tags/")?)));
            let Some((object, name)) = named.filter(|(_, name)| name.starts_with(start)) else {
                continue;
            };
            let name = name.strip_suffix(PEELED).unwrap_or(name);
            tags.insert(name.to_owned(), object.to_owned());
        }
        Ok(tags)
    }
}
