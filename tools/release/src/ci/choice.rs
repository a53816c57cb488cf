//! Which commit may be proposed: nothing that is older than what the environment has, and nothing
//! that was taken back.

use anyhow::Result;

use crate::ci::forge::{Open, Proposal};
use crate::ci::held_back::HeldBack;
use crate::ci::look::Look;
use crate::ci::plan::Plan;
use crate::ci::proposal;
use crate::ci::proposals::Proposals;
use crate::ci::propose::Outcome;

/// Of the open proposals, and the one to make if it is wanted: the newest that may be merged, and
/// all that may not.
pub(crate) struct Choice<'l> {
    /// The commit that shall be proposed, if any.
    pub(crate) best: Option<String>,
    /// Its proposal, where it is open.
    pub(crate) kept: Option<&'l Open>,
    pub(crate) losers: Vec<&'l Open>,
}

impl Proposals<'_, '_> {
    /// Why the commit of `plan` is not to be proposed, if that is so.
    pub(crate) fn objection(&self, look: &Look, plan: &Plan) -> Result<Option<Outcome>> {
        let (git, target) = (self.git, plan.commit.as_str());
        let missing = self.missing(plan)?;
        let later = plan
            .released()
            .find(|of| *of != target && git.is_ancestor(target, of));
        if let Some(later) = later {
            return Ok(Some(Outcome::Overtaken(later.to_owned())));
        }
        if let Some(withdrawn) = self.withdrawn(plan, target)? {
            return Ok(Some(Outcome::Withdrawn(withdrawn.to_owned())));
        }
        if !look.holds(git, target) {
            return Ok(Some(Outcome::Gone(target.to_owned())));
        }
        if plan.release && !missing.is_empty() {
            return Ok(Some(Outcome::Missing(missing)));
        }
        let may_be_older = plan.is_unclear() && (plan.is_outdated || self.is_known(plan, target));
        if may_be_older {
            return Ok(Some(Outcome::Unclear(plan.latest.clone())));
        }
        let HeldBack {
            hold,
            unproven,
            unverified,
        } = &plan.held_back;
        if let Some(hold) = hold {
            return Ok(Some(Outcome::Held(hold.clone())));
        }
        let is_held_back = unverified.is_none() && !unproven.is_empty();
        Ok(is_held_back.then(|| Outcome::Unverified(unproven.clone())))
    }

    /// The commits that the overlays name and that are nowhere to be had: of none it can be told
    /// whether it is later than one of them.
    fn missing(&self, plan: &Plan) -> Result<Vec<String>> {
        let mut missing = Vec::new();
        for commit in &plan.named {
            if !self.has(commit)? {
                missing.push(commit.clone());
            }
        }
        Ok(missing)
    }

    pub(crate) fn choose<'l>(
        &self,
        look: &'l Look,
        plan: &Plan,
        proposal: &Proposal,
        wanted: bool,
    ) -> Result<Choice<'l>> {
        let git = self.git;
        let mut choice = Choice {
            best: wanted.then(|| plan.commit.clone()),
            kept: None,
            losers: Vec::new(),
        };
        for open in &look.open {
            // Other branches that begin alike belong to people.
            let Some(name) = proposal::commit_of(&open.branch, plan.environment) else {
                continue;
            };
            let commit = git.commit_named(name);
            let alive = match &commit {
                _ if plan.held_back.hold.is_some() => false,
                _ if open.branch == proposal.branch => wanted,
                Some(commit) => {
                    self.is_alive(look, plan, commit)?
                        && self.unproven_in(look, plan.environment, &open.branch)?.is_empty()
                }
                None => false,
            };
            let beats = match (&choice.best, &commit) {
                (Some(best), Some(commit)) => git.is_ancestor(best, commit),
                _ => true,
            };
            let twice = choice.kept.is_some_and(|kept| kept.branch == open.branch);
            if alive && beats && !twice {
                choice.losers.extend(choice.kept.replace(open));
                choice.best = commit;
            } else {
                choice.losers.push(open);
            }
        }
        Ok(choice)
    }

    /// Whether an open proposal of `commit` may still be merged: it is on the branch, neither
    /// released nor taken back, nor older than this plan.
    fn is_alive(&self, look: &Look, plan: &Plan, commit: &str) -> Result<bool> {
        let git = self.git;
        let outdated = look.holds(git, &plan.commit) && git.is_ancestor(commit, &plan.commit);
        Ok(!outdated
            && look.holds(git, commit)
            && !plan.released().any(|of| git.is_ancestor(commit, of))
            && !self.is_known(plan, commit)
            && self.withdrawn(plan, commit)?.is_none())
    }

    /// Whether `commit` is not later than all that the environment ever had, where that is asked
    /// for.
    fn is_known(&self, plan: &Plan, commit: &str) -> bool {
        plan.latest.iter().any(|of| self.git.is_ancestor(commit, of))
    }

    /// The commit that was taken back, if all content of `commit` was there by then. Commits that
    /// only manifests or prose followed are so too, and a change that was undone: whoever wants
    /// that content again has to say so.
    fn withdrawn<'p>(&self, plan: &'p Plan, commit: &str) -> Result<Option<&'p str>> {
        let changed = self.git.last_change(commit)?;
        for of in plan.withdrawn() {
            let was_there = self.git.is_ancestor(&changed, of) || self.git.is_ancestor(commit, of);
            if was_there || self.is_again(plan, of, commit)? {
                return Ok(Some(of));
            }
        }
        Ok(None)
    }

    /// Whether `commit` has the content of `of`, and nobody asked for it: that is done by taking
    /// the branch back to what the environment has, and then forward.
    fn is_again(&self, plan: &Plan, of: &str, commit: &str) -> Result<bool> {
        let git = self.git;
        if git.commit_named(of).is_none() || !git.same_content(of, commit)? {
            return Ok(false);
        }
        for between in git.changes_since(of, commit)? {
            for released in plan.released() {
                if git.commit_named(released).is_some() && git.same_content(&between, released)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
