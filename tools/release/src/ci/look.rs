//! One look at everything that proposals of an environment depend on: the forge, the branches, the
//! history.

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use crate::ci::forge::{Forge, Open, Status};
use crate::ci::git::Git;
use crate::ci::git::remote::{Heads, Remote};
use crate::ci::proposal;
use crate::ci::proposals::Proposals;
use crate::environment::{Environment, main_branch};

/// What is true at one moment, as far as proposals of one environment depend on it.
pub(crate) struct Look {
    /// Tip of the branch that overlays are changed on.
    pub(crate) base: String,
    /// Tip of the branch that is released, in the application's repository.
    pub(crate) tip: Option<String>,
    /// Tips whose histories hold what may be released.
    tips: Vec<String>,
    /// Branches of the overlays' repository, proposals among them.
    pub(crate) branches: Heads,
    pub(crate) open: Vec<Open>,
    /// The statuses of commits that were asked for.
    statuses: RefCell<BTreeMap<String, Option<Vec<Status>>>>,
}

impl Look {
    /// Whether a branch that is released holds `commit`.
    pub(crate) fn holds(&self, git: &Git<'_>, commit: &str) -> bool {
        self.tips.iter().any(|tip| git.is_ancestor(commit, tip))
    }

    /// What a commit's statuses say; the forge is asked once, for several apps have the same
    /// commits.
    pub(crate) fn statuses(&self, forge: &dyn Forge, commit: &str) -> Result<Option<Vec<Status>>> {
        if let Some(known) = self.statuses.borrow().get(commit) {
            return Ok(known.clone());
        }
        let statuses = forge.statuses(commit)?;
        self.statuses
            .borrow_mut()
            .insert(commit.to_owned(), statuses.clone());
        Ok(statuses)
    }
}

/// The commit that the overlays are changed on, of all branches of their repository.
pub(crate) fn base_of(branches: &Heads) -> Result<&String> {
    branches.get(main_branch()).with_context(|| {
        format!(
            "the repository of the overlays has no branch {}; push it there, or name the right one by INFRA_REMOTE",
            main_branch()
        )
    })
}

impl Proposals<'_, '_> {
    /// The forge is asked first: what is not open by then can only be merged by way of a run that
    /// looks again after it.
    pub(crate) fn look(&self, environment: Environment) -> Result<Look> {
        let prefix = proposal::prefix(environment);
        let open = self.forge.open_proposals(&prefix)?;
        let source = [main_branch().to_owned(), environment.branch().to_owned()];
        let mut patterns = vec![main_branch().to_owned(), format!("{prefix}*")];
        if self.source.is_none() {
            patterns.push(environment.branch().to_owned());
        }
        let branches = self.infra.heads(&patterns)?;
        let base = base_of(&branches)?.clone();
        self.bring(self.infra, &branches, &source[..1])?;
        let heads = match self.source {
            Some(remote) => remote.heads(&source)?,
            None => branches.clone(),
        };
        self.bring(self.source.unwrap_or(self.infra), &heads, &source)?;
        let tips = source.iter().filter_map(|branch| heads.get(branch).cloned());
        Ok(Look {
            base,
            tip: heads.get(environment.branch()).cloned(),
            tips: tips.collect(),
            branches,
            open,
            statuses: RefCell::default(),
        })
    }

    /// Whether a commit of the application is here, or can be had: one that its branch has lost, as
    /// by a forced push, a later clone does not have, but the remote may still give it by its name.
    pub(crate) fn has(&self, commit: &str) -> Result<bool> {
        let is_here = || self.git.commit_named(commit).is_some();
        Ok(is_here() || (self.source.unwrap_or(self.infra).bring_commit(commit)? && is_here()))
    }

    /// Fetches those of `names` whose commits are not here.
    fn bring(&self, remote: &dyn Remote, heads: &Heads, names: &[String]) -> Result<()> {
        let missing = |name: &&str| {
            heads
                .get(*name)
                .is_some_and(|commit| self.git.commit_named(commit).is_none())
        };
        let names: Vec<_> = names.iter().map(String::as_str).filter(missing).collect();
        if names.is_empty() {
            return Ok(());
        }
        remote.bring(&names)
    }
}
