//! Brings an environment's proposals to rest: look, do one thing, look again, until nothing is left to do.
//!
//! Every run does this, whenever it comes and however often; docs/CI.md says why no order of runs can do harm.

use anyhow::{Context as _, Result, bail};

use crate::ci::forge::{self, Forge, Open, Proposal};
use crate::ci::git::Git;
use crate::ci::git::remote::{self, Heads, Remote, Update};
use crate::ci::plan::{self, Action, Plan};
use crate::ci::proposal;
use crate::ci::registry::Images;
use crate::ci::settings::{MAIN_BRANCH, Release};

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

/// What is true at one moment, as far as proposals of one environment depend on it.
pub(crate) struct Look {
    /// Tip of the branch that overlays are changed on.
    pub(crate) base: String,
    /// Tip of the branch that is released, in the application's repository.
    pub(crate) tip: Option<String>,
    /// Tips whose histories hold what may be released.
    tips: Vec<String>,
    /// Branches of the overlays' repository, proposals among them.
    branches: Heads,
    open: Vec<Open>,
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
}

/// The plan for the newest commit that this run can speak for: the branch's tip, if another run has pushed its images, else `commit`.
/// So it does not matter whose run looks last.
pub(crate) fn newest(
    git: &Git<'_>,
    images: &dyn Images,
    image: &dyn Fn(&str) -> String,
    release: Release,
    commit: &str,
    look: &Look,
) -> Result<Plan> {
    let compute = |commit: &str| plan::compute(git, images, image, release, commit, &look.base);
    if let Some(tip) = &look.tip
        && tip != commit
        && git.is_ancestor(commit, tip)
        && !git.same_content(commit, tip)?
    {
        let plan = compute(&git.last_change(tip)?)?;
        if plan.is_pushed() {
            return Ok(plan);
        }
    }
    let plan = compute(commit)?;
    plan.refuse_missing()?;
    if let Some(app) = plan.with_action(Action::Build).next() {
        bail!(
            "the registry does not have {}; run `cargo xtask ci build` and `cargo xtask ci push` first",
            app.image
        );
    }
    Ok(plan)
}

enum Next {
    Rest(Outcome),
    Close(Open, String),
    Push { commit: String, old: Option<String> },
    Open,
}

impl Place<'_, '_> {
    /// Proposes what `plan` finds to be wanted, each time anew, and nothing besides.
    pub(crate) fn settle(
        &self,
        release: Release,
        mut plan: impl FnMut(&Look) -> Result<Plan>,
    ) -> Result<Outcome> {
        if self.git.is_shallow()? {
            bail!(
                "this checkout has no full history, so later commits cannot be told from earlier ones; clone with all of it \
                 (GitHub: fetch-depth: 0, GitLab: GIT_DEPTH: 0) or run `git fetch --unshallow`"
            );
        }
        for _ in 0..LOOKS {
            let look = self.look(release)?;
            let plan = plan(&look)?;
            let proposal = proposal::describe(&plan);
            match self.next(&look, &plan, &proposal)? {
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
        bail!(
            "the proposals to {} kept changing; run the verb again when other runs have ended",
            release.environment()
        )
    }

    /// The commit that would be proposed now; no remote is written to.
    pub(crate) fn preview(
        &self,
        release: Release,
        plan: impl FnOnce(&Look) -> Result<Plan>,
    ) -> Result<Option<(Proposal, String)>> {
        let look = self.look(release)?;
        let plan = plan(&look)?;
        if !plan.release {
            return Ok(None);
        }
        let proposal = proposal::describe(&plan);
        let commit = proposal::commit(self.git, &plan, &proposal, &look.base)?;
        Ok(Some((proposal, commit)))
    }

    /// The forge is asked first: what is not open by then can only be merged by way of a run that looks again after it.
    fn look(&self, release: Release) -> Result<Look> {
        let prefix = proposal::prefix(release.environment());
        let open = self.forge.open_proposals(&prefix)?;
        let source = [MAIN_BRANCH.to_owned(), release.branch().to_owned()];
        let mut patterns = vec![MAIN_BRANCH.to_owned(), format!("{prefix}*")];
        if self.source.is_none() {
            patterns.push(release.branch().to_owned());
        }
        let branches = self.infra.heads(&patterns)?;
        let base = branches
            .get(MAIN_BRANCH)
            .with_context(|| format!("the repository of the overlays has no branch {MAIN_BRANCH}"))?
            .clone();
        self.bring(self.infra, &branches, &source[..1])?;
        let heads = match self.source {
            Some(remote) => remote.heads(&source)?,
            None => branches.clone(),
        };
        self.bring(self.source.unwrap_or(self.infra), &heads, &source)?;
        let tips = source.iter().filter_map(|branch| heads.get(branch).cloned());
        Ok(Look {
            base,
            tip: heads.get(release.branch()).cloned(),
            tips: tips.collect(),
            branches,
            open,
        })
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

    fn next(&self, look: &Look, plan: &Plan, proposal: &Proposal) -> Result<Next> {
        let git = self.git;
        let target = plan.commit.as_str();
        let released: Vec<&str> = plan
            .apps
            .iter()
            .filter_map(|app| app.released.as_deref())
            .collect();
        let newer = self.first_holding(&released, target).filter(|of| *of != target);
        let on_branch = self.is_on_a_branch(look, target);
        let wanted = plan.release && on_branch && newer.is_none();

        // The newest of all that may still be merged.
        let mut best = wanted.then(|| target.to_owned());
        let mut kept: Option<&Open> = None;
        let mut losers = Vec::new();
        for open in &look.open {
            let Some(name) = proposal::commit_of(&open.branch, plan.environment) else {
                continue;
            };
            let commit = git.commit_named(name);
            let alive = match &commit {
                _ if open.branch == proposal.branch => wanted,
                Some(commit) => {
                    let outdated = on_branch && git.is_ancestor(commit, target);
                    !outdated
                        && self.is_on_a_branch(look, commit)
                        && self.first_holding(&released, commit).is_none()
                }
                None => false,
            };
            let beats = match (&best, &commit) {
                (Some(best), Some(commit)) => git.is_ancestor(best, commit),
                _ => true,
            };
            let twice = kept.is_some_and(|kept| kept.branch == open.branch);
            if !alive || !beats || twice {
                losers.push(open);
                continue;
            }
            losers.extend(kept.replace(open));
            best = commit;
        }
        let Some(best) = best else {
            let outcome = match newer {
                Some(newer) => Outcome::Overtaken(newer.to_owned()),
                None if !on_branch => Outcome::Gone(target.to_owned()),
                None => Outcome::Nothing,
            };
            return Ok(close(&losers, "the environment has later content").unwrap_or(Next::Rest(outcome)));
        };
        if let Some(close) = close(&losers, &format!("replaced by the release of commit {best}")) {
            return Ok(close);
        }
        if best != target {
            return Ok(Next::Rest(Outcome::Overtaken(best)));
        }
        let old = look.branches.get(&proposal.branch);
        if !self.stands(old, plan, proposal)? {
            return Ok(Next::Push {
                commit: proposal::commit(git, plan, proposal, &look.base)?,
                old: old.cloned(),
            });
        }
        Ok(match kept {
            None => Next::Open,
            Some(open) => Next::Rest(Outcome::Proposed {
                proposal: proposal.clone(),
                place: open.place.clone(),
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

    fn is_on_a_branch(&self, look: &Look, commit: &str) -> bool {
        look.tips.iter().any(|tip| self.git.is_ancestor(commit, tip))
    }

    /// The first of `commits` whose history holds `ancestor`.
    fn first_holding<'c>(&self, commits: &[&'c str], ancestor: &str) -> Option<&'c str> {
        let mut commits = commits.iter().copied();
        commits.find(|commit| self.git.is_ancestor(ancestor, commit))
    }
}

fn close(losers: &[&Open], reason: &str) -> Option<Next> {
    let first = losers.first()?;
    Some(Next::Close((*first).clone(), reason.to_owned()))
}
