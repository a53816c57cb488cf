//! Merge requests by push options, as GitLab makes them: no API and no more rights than a push
//! needs. Only what was reported of a commit is read by the API.
//!
//! A branch is its merge request: the push that makes the one makes the other, and GitLab closes a
//! merge request whose branch is deleted. A merged branch that was left there is told from an open
//! one by what the environment is pinned to, and a stranger's merge request is none of these: its
//! branch is in a fork.

mod statuses;

use anyhow::{Context as _, Result};
use ureq::Agent;

use super::{Error, Forge, Open, Proposal, Status};
use crate::ci::git::remote::{Remote, Update};
use crate::ci::settings;

pub(crate) struct GitLab<'a> {
    pub(crate) remote: &'a dyn Remote,
    pub(crate) agent: &'a Agent,
    /// For statuses alone.
    pub(crate) api: Option<&'a settings::GitLab>,
}

impl Forge for GitLab<'_> {
    fn open_proposals(&self, prefix: &str) -> Result<Vec<Open>> {
        let branches = self.remote.heads(&[format!("{prefix}*")])?;
        let open = |branch: String| Open {
            id: branch.clone(),
            reference: format!("the merge request of {branch}"),
            branch,
        };
        // Git compares a pattern with the end of names too.
        let ours = branches.into_keys().filter(|branch| branch.starts_with(prefix));
        Ok(ours.map(open).collect())
    }

    fn push_options(&self, proposal: &Proposal) -> Vec<String> {
        // A push option ends with its line; GitLab reads `\n` as a new one.
        let text = proposal.text.trim_end().replace('\n', "\\n");
        vec![
            "merge_request.create".to_owned(),
            format!("merge_request.target={}", proposal.base),
            format!("merge_request.title={}", proposal.title),
            format!("merge_request.description={text}"),
            "merge_request.remove_source_branch".to_owned(),
        ]
    }

    /// The push has opened it, or the branch is gone again.
    fn open(&self, _: &Proposal) -> Result<(), Error> {
        Err(Error::Exists)
    }

    fn close(&self, proposal: &Open, _: &str) -> Result<()> {
        let heads = self.remote.heads(std::slice::from_ref(&proposal.branch))?;
        let Some(old) = heads.get(&proposal.branch) else {
            return Ok(());
        };
        let update = Update {
            branch: &proposal.branch,
            old: Some(old),
            new: None,
            options: &[],
        };
        self.remote
            .update(&update)
            .with_context(|| format!("delete branch {}", proposal.branch))
    }

    fn statuses(&self, commit: &str) -> Result<Option<Vec<Status>>> {
        let Some(api) = self.api else {
            return Ok(None);
        };
        Ok(Some(statuses::of(self.agent, api, commit)?))
    }
}
