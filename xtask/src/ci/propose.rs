//! Brings an environment's proposals to rest: look, do one thing, look again, until nothing is left to do.
//!
//! Every run does this, whenever it comes and however often; docs/CI.md says why no order of runs can do harm.

use anyhow::{Context as _, Result, bail};

use crate::ci::forge::{self, Forge, Open, Proposal};
use crate::ci::git::Git;
use crate::ci::git::remote::{self, Remote, Update};
use crate::ci::look::Look;
use crate::ci::plan::{Action, Plan};
use crate::ci::proposal;
use crate::environment::Environment;

/// Looks until somebody else must be at work on the same environment all the time.
const LOOKS: usize = 25;

/// What a proposal is made in.
pub(crate) struct Place<'a, 'sh> {
    pub(crate) git: &'a Git<'sh>,
    /// The repository of the overlays and the proposals.
    pub(crate) infra: &'a dyn Remote,
    /// The repository of the application, where that is another one.
    pub(crate) source: Option<&'a dyn Remote>,
    pub(crate) forge: &'a dyn Forge,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Proposed {
        proposal: Proposal,
        place: String,
    },
    /// The environment is pinned to these images.
    Nothing,
    /// This later commit is released, or proposed.
    Overtaken(String),
    /// The branch does not hold the commit any more.
    Gone(String),
    /// Of runs that share the commit, those that push these apps have not done so: whoever is last finds all images, and proposes.
    LeftTo(Vec<&'static str>),
    /// The environment was taken back from this commit, and nothing has changed since.
    Withdrawn(String),
}

/// The one thing to do before the next look.
pub(crate) enum Next {
    Rest(Outcome),
    Close(Open, String),
    Push { commit: String, old: Option<String> },
    Open,
}

struct Choice<'l> {
    /// The commit that shall be proposed, if any.
    best: Option<String>,
    /// Its proposal, where it is open.
    kept: Option<&'l Open>,
    losers: Vec<&'l Open>,
}

impl Place<'_, '_> {
    /// Proposes what `plan` finds to be wanted, each time anew, and nothing besides.
    pub(crate) fn settle(
        &self,
        environment: Environment,
        mut plan: impl FnMut(&Look) -> Result<Plan>,
    ) -> Result<Outcome> {
        self.until_rest(environment, |look| {
            let plan = plan(look)?;
            let proposal = proposal::describe(&plan);
            let next = self.next(look, &plan, &proposal)?;
            Ok((proposal, next))
        })
    }

    /// Does what `decide` says, each time after a new look, until it says that nothing is left to do.
    pub(crate) fn until_rest(
        &self,
        environment: Environment,
        mut decide: impl FnMut(&Look) -> Result<(Proposal, Next)>,
    ) -> Result<Outcome> {
        if self.git.is_shallow()? {
            bail!(
                "this checkout has no full history, so later commits cannot be told from earlier ones; clone with all of it \
                 (GitHub: fetch-depth: 0, GitLab: GIT_DEPTH: 0) or run `git fetch --unshallow`"
            );
        }
        for _ in 0..LOOKS {
            let look = self.look(environment)?;
            let (proposal, next) = decide(&look)?;
            match next {
                Next::Rest(outcome) => return Ok(outcome),
                Next::Close(open, reason) => {
                    self.close(&open, &reason)?;
                }
                Next::Push { commit, old } => self.push(&proposal, &commit, old.as_deref())?,
                Next::Open => match self.forge.open(&proposal) {
                    Ok(()) | Err(forge::Error::Exists) => {}
                    Err(error) => return Err(error.into()),
                },
            }
        }
        bail!("the proposals to {environment} kept changing; run the verb again when other runs have ended")
    }

    /// The commit that would be proposed now; no remote is written to.
    pub(crate) fn preview(
        &self,
        environment: Environment,
        plan: impl FnOnce(&Look) -> Result<Plan>,
    ) -> Result<Option<(Proposal, String)>> {
        let look = self.look(environment)?;
        let plan = plan(&look)?;
        if !plan.release || self.withdrawn(&plan, &plan.commit)?.is_some() {
            return Ok(None);
        }
        let proposal = proposal::describe(&plan);
        let commit = proposal::commit(self.git, &plan, &proposal, &look.base)?;
        Ok(Some((proposal, commit)))
    }

    fn next(&self, look: &Look, plan: &Plan, proposal: &Proposal) -> Result<Next> {
        let target = plan.commit.as_str();
        let unbuilt: Vec<_> = plan.with_action(Action::Build).map(|app| app.name).collect();
        if !unbuilt.is_empty() {
            return Ok(Next::Rest(Outcome::LeftTo(unbuilt)));
        }
        let later = plan
            .released()
            .find(|of| *of != target && self.git.is_ancestor(target, of));
        let on_branch = look.holds(self.git, target);
        let withdrawn = self.withdrawn(plan, target)?;
        let wanted = plan.release && on_branch && later.is_none() && withdrawn.is_none();
        let choice = self.choose(look, plan, proposal, wanted)?;
        if let Some(loser) = choice.losers.first() {
            let reason = match &choice.best {
                Some(best) => format!("replaced by the release of commit {best}"),
                None => "the environment has later content".to_owned(),
            };
            return Ok(Next::Close((*loser).clone(), reason));
        }
        match choice.best {
            Some(best) if best == target => self.towards(look, plan, proposal, choice.kept),
            Some(best) => Ok(Next::Rest(Outcome::Overtaken(best))),
            None => Ok(Next::Rest(match later {
                Some(later) => Outcome::Overtaken(later.to_owned()),
                None if plan.release && withdrawn.is_some() => {
                    Outcome::Withdrawn(withdrawn.unwrap_or_default().to_owned())
                }
                None if !on_branch => Outcome::Gone(target.to_owned()),
                None => Outcome::Nothing,
            })),
        }
    }

    /// What is left to do until the proposal of `plan` is open; `open`: it is, as far as the forge knows.
    pub(crate) fn towards(
        &self,
        look: &Look,
        plan: &Plan,
        proposal: &Proposal,
        open: Option<&Open>,
    ) -> Result<Next> {
        let old = look.branches.get(&proposal.branch);
        if !self.stands(old, plan, proposal)? {
            return Ok(Next::Push {
                commit: proposal::commit(self.git, plan, proposal, &look.base)?,
                old: old.cloned(),
            });
        }
        Ok(match open {
            None => Next::Open,
            Some(open) => Next::Rest(Outcome::Proposed {
                proposal: proposal.clone(),
                place: open.place.clone(),
            }),
        })
    }

    /// Of the open proposals, and the one to make if it is wanted: the newest that may be merged, and all that may not.
    fn choose<'l>(
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
                _ if open.branch == proposal.branch => wanted,
                Some(commit) => self.is_alive(look, plan, commit)?,
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

    /// Whether an open proposal of `commit` may still be merged: it is on the branch, neither released nor taken back, nor older
    /// than this plan.
    fn is_alive(&self, look: &Look, plan: &Plan, commit: &str) -> Result<bool> {
        let git = self.git;
        let outdated = look.holds(git, &plan.commit) && git.is_ancestor(commit, &plan.commit);
        Ok(!outdated
            && look.holds(git, commit)
            && !plan.released().any(|of| git.is_ancestor(commit, of))
            && self.withdrawn(plan, commit)?.is_none())
    }

    /// The commit that was taken back, if all content of `commit` was there by then. Commits that only manifests or prose
    /// followed are so too: whoever wants that content again has to say so.
    fn withdrawn<'p>(&self, plan: &'p Plan, commit: &str) -> Result<Option<&'p str>> {
        let changed = self.git.last_change(commit)?;
        Ok(plan.withdrawn().find(|of| self.git.is_ancestor(&changed, of)))
    }

    fn stands(&self, made: Option<&String>, plan: &Plan, proposal: &Proposal) -> Result<bool> {
        let Some(made) = made else {
            return Ok(false);
        };
        if self.git.commit_named(made).is_none() {
            self.infra.bring(&[&proposal.branch])?;
        }
        proposal::stands(self.git, plan, proposal, made)
    }

    /// One that was merged or closed meanwhile need not be closed.
    fn close(&self, open: &Open, reason: &str) -> Result<()> {
        if let Err(error) = self.forge.close(open, reason)
            && self.forge.open_proposals(&open.branch)?.contains(open)
        {
            return Err(error);
        }
        println!("closed    {} ({reason})", open.place);
        Ok(())
    }

    fn push(&self, proposal: &Proposal, commit: &str, old: Option<&str>) -> Result<()> {
        let update = Update {
            branch: &proposal.branch,
            old,
            new: Some(commit),
            options: &self.forge.push_options(proposal),
        };
        match self.infra.update(&update) {
            Ok(()) | Err(remote::Error::Moved) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("push branch {}", proposal.branch)),
        }
    }
}
