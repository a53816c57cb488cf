//! Inspects each push: what it changed, and whether the filters in the repository start a run for
//! it.

use std::path::Path;

use anyhow::{Context, Result};

use super::ledger::{Run, SharedLedger, TriggerResult};
use super::listener::PushEvent;
use super::trigger::{Trigger, WORKFLOW};
use crate::git::Git;

/// A mirror of the forge's repository, and where to write what was decided.
pub(crate) struct Watcher {
    mirror: Git,
    shared: SharedLedger,
}

impl Watcher {
    pub(crate) async fn new(mirror: &Path, remote: &str, token: &str, shared: SharedLedger) -> Result<Self> {
        std::fs::create_dir_all(mirror).with_context(|| format!("create {}", mirror.display()))?;
        let mirror = Git::at(mirror).with_token(token);
        mirror.run(&["init", "--quiet", "--bare"]).await?;
        // It may be there from the process that brought the loop up.
        mirror.run(&["config", "remote.origin.url", remote]).await?;
        mirror
            .run(&["config", "remote.origin.fetch", "+refs/*:refs/*"])
            .await?;
        Ok(Self { mirror, shared })
    }

    /// Write down what a push means; gives the run it starts.
    pub(crate) async fn decide(&self, push: &PushEvent) -> Option<Run> {
        let branch = push.reference.strip_prefix("refs/heads/")?;
        let result = self.result(branch, push).await.unwrap_or_else(|error| {
            TriggerResult::Unknown(format!("whether this push starts a run is not known: {error:#}"))
        });
        self.shared.push(branch, &push.before, &push.after, result)
    }

    async fn result(&self, branch: &str, push: &PushEvent) -> Result<TriggerResult> {
        if is_none(&push.after) {
            return Ok(TriggerResult::Ignore("the branch was deleted".to_owned()));
        }
        self.mirror
            .run(&["fetch", "--quiet", "--prune", "origin"])
            .await?;
        if !self.has(&push.after).await && !self.has(&format!("refs/heads/{branch}")).await {
            return Ok(TriggerResult::Ignore(
                "the branch was gone before its push could be looked at".to_owned(),
            ));
        }
        let workflow = self
            .mirror
            .run(&["show", &format!("{}:{WORKFLOW}", push.after)])
            .await?;
        let changed = self.changed(push).await?;
        let why_not = Trigger::parse(&workflow)?.ignores(branch, changed.as_deref());
        Ok(why_not.map_or(TriggerResult::Run, TriggerResult::Ignore))
    }

    /// The paths that differ before and after; none for a new branch, or where the commit before is
    /// gone.
    async fn changed(&self, push: &PushEvent) -> Result<Option<Vec<String>>> {
        if is_none(&push.before) || !self.has(&push.before).await {
            return Ok(None);
        }
        let range = format!("{}..{}", push.before, push.after);
        let names = self
            .mirror
            .run(&["diff", "--name-only", "--no-renames", "-z", &range])
            .await?;
        Ok(Some(
            names
                .split('\0')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        ))
    }

    async fn has(&self, commit: &str) -> bool {
        self.mirror
            .run(&["cat-file", "-e", &format!("{commit}^{{commit}}")])
            .await
            .is_ok()
    }
}

fn is_none(commit: &str) -> bool {
    commit.bytes().all(|byte| byte == b'0')
}
