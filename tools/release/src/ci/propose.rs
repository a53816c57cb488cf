//! Brings an environment's proposals to rest: look, do one thing, look again, until nothing is left
//! to do.
//!
//! Every run does this, whenever it comes and however often; docs/CI.md says why no order of runs
//! can do harm.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;

use crate::ci::forge::{self, Open, Proposal};
use crate::ci::git::remote::{self, Update};
use crate::ci::held_back::{Unproven, withdrawal};
use crate::ci::hold::{self, Hold};
use crate::ci::look::Look;
use crate::ci::plan::{Action, Plan};
use crate::ci::proposal;
use crate::ci::proposals::Proposals;
use crate::environment::Environment;

/// Looks until somebody else must be at work on the same environment all the time.
const LOOKS: usize = 25;

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Proposed {
        proposal: Proposal,
        /// What a person finds it by.
        reference: String,
    },
    /// The environment is pinned to these images.
    Nothing,
    /// This later commit is released, or proposed.
    Overtaken(String),
    /// The branch does not hold the commit any more.
    Gone(String),
    /// Of runs that share the commit, those that push these apps have not done so: whoever is last
    /// finds all images, and proposes.
    LeftTo(Vec<&'static str>),
    /// The environment was taken back from this commit, and nothing has changed since.
    Withdrawn(String),
    /// The environment has an image that no release wrote, and the commit might be older: it is not
    /// later than one of these, which were released, or not the newest of its branch.
    Unclear(Vec<String>),
    /// The overlays name these commits, which neither the checkout nor its remote has, so the
    /// commit might be older.
    Missing(Vec<String>),
    /// Nothing goes to the environment now.
    Held(Hold),
    /// The environment before has not proven these images.
    Unverified(Vec<Unproven>),
}

/// The one thing to do before the next look.
pub(crate) enum Next {
    Rest(Outcome),
    Close(Open, String),
    Push { commit: String, old: Option<String> },
    Open,
}

impl Proposals<'_, '_> {
    /// Proposes what `plan` finds to be wanted, each time anew, and nothing besides.
    pub(crate) fn settle(
        &self,
        environment: Environment,
        mut plan: impl FnMut(&Look) -> Result<Plan>,
    ) -> Result<Outcome> {
        self.until_rest(environment, |look| {
            let plan = plan(look).inspect_err(|_| self.withdraw_at(look, environment));
            let plan = self.judged(look, plan?)?;
            let proposal = proposal::describe(&plan);
            let next = self.next(look, &plan, &proposal)?;
            if matches!(next, Next::Rest(_)) {
                plan.print_notes();
            }
            Ok((proposal, next))
        })
    }

    /// Closes what may not be merged now, where nothing is to be proposed.
    pub(crate) fn withdraw(&self, environment: Environment) -> Result<()> {
        self.withdraw_at(&self.look(environment)?, environment);
        Ok(())
    }

    /// Closes what may not be merged now, where nothing else can be done: a run that ends with a
    /// fault must not leave it open.
    fn withdraw_at(&self, look: &Look, environment: Environment) {
        let ours = |open: &&Open| proposal::commit_of(&open.branch, environment).is_some();
        for open in look.open.iter().filter(ours) {
            let reason = self.reason_against(look, environment, open);
            let closed = reason.and_then(|reason| reason.map_or(Ok(()), |reason| self.close(open, &reason)));
            if let Err(error) = closed {
                println!("left open {}: {error:#}", open.reference);
            }
        }
    }

    fn reason_against(&self, look: &Look, environment: Environment, open: &Open) -> Result<Option<String>> {
        if let Some(hold) = hold::of(self.git, environment, &look.base, Timestamp::now())? {
            return Ok(Some(format!("held {hold}")));
        }
        let unproven = self.unproven_in(look, environment, &open.branch)?;
        Ok((!unproven.is_empty()).then(|| withdrawal(&unproven)))
    }

    /// Does what `decide` says, each time after a new look, until it says that nothing is left to
    /// do.
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
        let mut said = String::new();
        for _ in 0..LOOKS {
            let look = self.look(environment)?;
            let (proposal, next) = decide(&look)?;
            match next {
                Next::Rest(outcome) => return Ok(outcome),
                Next::Close(open, reason) => {
                    self.close(&open, &reason)?;
                }
                Next::Push { commit, old } => match self.push(&proposal, &commit, old.as_deref()) {
                    Ok(()) => {}
                    Err(remote::Error::Moved(words)) => said = format!(" (last, Git said: {words})"),
                    Err(error) => {
                        return Err(error).with_context(|| format!("push branch {}", proposal.branch));
                    }
                },
                Next::Open => match self.forge.open(&proposal) {
                    Ok(()) | Err(forge::Error::Exists) => {}
                    Err(error) => return Err(error.into()),
                },
            }
        }
        bail!(
            "the proposals to {environment} kept changing; run the verb again when other runs have ended{said}"
        )
    }

    /// The commit that would be proposed now, or why there is none; no remote is written to.
    pub(crate) fn preview(
        &self,
        environment: Environment,
        plan: impl FnOnce(&Look) -> Result<Plan>,
    ) -> Result<Result<(Proposal, String), Outcome>> {
        let look = self.look(environment)?;
        let plan = self.judged(&look, plan(&look)?)?;
        if !plan.release {
            return Ok(Err(Outcome::Nothing));
        }
        if let Some(outcome) = self.objection(&look, &plan)? {
            return Ok(Err(outcome));
        }
        let proposal = proposal::describe(&plan);
        let commit = proposal::commit(self.git, &plan, &proposal, &look.base)?;
        Ok(Ok((proposal, commit)))
    }

    fn next(&self, look: &Look, plan: &Plan, proposal: &Proposal) -> Result<Next> {
        let target = plan.commit.as_str();
        let unbuilt: Vec<_> = plan.with_action(Action::Build).map(|app| app.name).collect();
        if !unbuilt.is_empty() {
            return Ok(Next::Rest(Outcome::LeftTo(unbuilt)));
        }
        let objection = self.objection(look, plan)?;
        let choice = self.choose(look, plan, proposal, plan.release && objection.is_none())?;
        if let Some(loser) = choice.losers.first() {
            let reason = match (&choice.best, &objection) {
                (Some(best), _) => format!("replaced by the release of commit {best}"),
                (None, Some(Outcome::Unverified(unproven))) => withdrawal(unproven),
                (None, Some(Outcome::Held(hold))) => format!("held {hold}"),
                (None, Some(Outcome::Missing(commits))) => {
                    format!(
                        "nobody can tell whether it is older than {}",
                        commits.join(" and ")
                    )
                }
                (None, _) => "the environment has later content".to_owned(),
            };
            return Ok(Next::Close((*loser).clone(), reason));
        }
        match choice.best {
            Some(best) if best == target => self.towards(look, plan, proposal, choice.kept),
            Some(best) => Ok(Next::Rest(Outcome::Overtaken(best))),
            None => Ok(Next::Rest(match objection {
                Some(outcome) if plan.release || !matches!(outcome, Outcome::Withdrawn(_)) => outcome,
                _ => Outcome::Nothing,
            })),
        }
    }

    /// What is left to do until the proposal of `plan` is open; `open`: it is, as far as the forge
    /// knows.
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
                reference: open.reference.clone(),
            }),
        })
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
        println!("closed    {} ({reason})", open.reference);
        Ok(())
    }

    fn push(&self, proposal: &Proposal, commit: &str, old: Option<&str>) -> Result<(), remote::Error> {
        self.infra.update(&Update {
            branch: &proposal.branch,
            old,
            new: Some(commit),
            options: &self.forge.push_options(proposal),
        })
    }
}
