//! What images are made of, as a commit has them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, anyhow};
use project::App;
use serde::{Deserialize, Serialize};

use super::Git;
use crate::ci::content::{Content, Inputs, Tree};
use crate::environment::apps;

/// Of all apps, in one commit.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Contents {
    /// By the app's name. One that the commit has no files of has none.
    fingerprints: BTreeMap<String, String>,
    /// The folders and files that have inputs.
    pub(super) places: BTreeSet<String>,
    /// Prose among the inputs.
    pub(super) prose: BTreeSet<String>,
}

impl Git<'_> {
    /// Hash over everything the image of `app` is made from, as committed in `commit`.
    pub(crate) fn fingerprint(&self, commit: &str, app: &App) -> Result<String> {
        let found = self.contents(commit)?.fingerprints.remove(app.name());
        found.with_context(|| {
            format!(
                "commit {commit} has no files of {app} in {}; check its folder in {}",
                app.folder(),
                project::FILE
            )
        })
    }

    /// Whether the commit has files of the app.
    pub(crate) fn has(&self, commit: &str, app: &App) -> Result<bool> {
        Ok(self.contents(commit)?.fingerprints.contains_key(app.name()))
    }

    /// Whether every app is the same in both commits.
    pub(crate) fn same_content(&self, one: &str, other: &str) -> Result<bool> {
        Ok(one == other || self.contents(one)?.fingerprints == self.contents(other)?.fingerprints)
    }

    /// What the image of `app` is made from.
    pub(crate) fn inputs(&self, commit: &str, app: &App) -> Result<Option<Inputs>> {
        let tree = self.tree(commit)?;
        Content::of(&tree, &|ids| self.texts(ids))?.inputs(app)
    }

    /// What was found out of one commit: about all apps at once, for they share most of it.
    pub(super) fn contents(&self, commit: &str) -> Result<Contents> {
        let known = self.once(&format!("contents {commit}"), || {
            let found = self.look_at_contents(commit);
            let found = found.with_context(|| format!("find what images of {commit} are made from"))?;
            serde_json::to_string(&found).context("keep the contents")
        })?;
        serde_json::from_str(&known).context("read the contents")
    }

    fn look_at_contents(&self, commit: &str) -> Result<Contents> {
        let tree = self.tree(commit)?;
        let texts = |ids: &[&str]| self.texts(ids);
        let content = Content::of(&tree, &texts)?;
        let mut found = Contents::default();
        let (mut names, mut made_from) = (Vec::new(), Vec::new());
        for app in apps() {
            let Some(inputs) = content.inputs(app)? else {
                continue;
            };
            names.push(app.name().to_owned());
            made_from.push(inputs.text(&tree));
            found.prose.extend(inputs.prose().map(str::to_owned));
            found.places.extend(inputs.places);
        }
        found.fingerprints = names.into_iter().zip(self.hashes(&made_from)?).collect();
        Ok(found)
    }

    /// The files that a commit has.
    pub(crate) fn tree(&self, commit: &str) -> Result<Tree> {
        let list = self.cmd(&["ls-tree", "-r", "-z", "--full-tree", commit])?.bytes();
        Ok(Tree::of_list(&String::from_utf8_lossy(&list?)))
    }

    /// The texts of contents by their names.
    fn texts(&self, ids: &[&str]) -> Result<Vec<String>> {
        let known = || {
            let known = self.memory.texts.lock();
            known.map_err(|_| anyhow!("another thread panicked while it kept files"))
        };
        let fresh: Vec<_> = {
            let known = known()?;
            ids.iter()
                .filter(|id| !known.contains_key(**id))
                .copied()
                .collect()
        };
        let read = self.objects(&fresh)?;
        let mut known = known()?;
        for (id, text) in fresh.iter().zip(read) {
            let text = text.with_context(|| format!("the content {id} is not in this checkout"))?;
            known.insert((*id).to_owned(), String::from_utf8_lossy(&text).into_owned());
        }
        Ok(ids.iter().filter_map(|id| known.get(*id).cloned()).collect())
    }
}
