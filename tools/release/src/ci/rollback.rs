//! `cargo xtask rollback ENV`: proposes the images that an environment had with an earlier release,
//! as its overlays' own history has them. Nothing is built and no branch is set back.
//!
//! The overlays then say which later commit was taken back, so that no run of CI proposes it, or
//! anything older, again.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};

use crate::ci::forge::Proposal;
use crate::ci::git::{Git, short};
use crate::ci::history::{ReleaseHistory, State, distinct, last_ones};
use crate::ci::look::Look;
use crate::ci::plan::{Action, Plan};
use crate::ci::proposal;
use crate::ci::proposals::Proposals;
use crate::ci::propose::{Next, Outcome};
use crate::environment::{Environment, main_branch};

/// What giving an environment an earlier release means while the overlays are as in `base`: the one
/// before the present one, or that of the commit `to`, which may be cut short.
pub(crate) fn plan(git: &Git<'_>, environment: Environment, to: Option<&str>, look: &Look) -> Result<Plan> {
    let base = look.base.as_str();
    let releases = ReleaseHistory::of(git, environment, base)?;
    let (now, history) = (releases.state(git), releases.states(git));
    let target = match (to, &now) {
        (Some(to), _) => named(git, &history, to, environment)?,
        (None, Some(now)) => before(git, &history, &now.commit)?.with_context(|| {
            format!(
                "{environment} had no release before that of commit {}",
                now.commit
            )
        })?,
        (None, None) => bail!(releases.unclear(git, environment)),
    };
    let last = match &now {
        Some(now) => now.withdrawn.clone().or(Some(now.commit.clone())),
        // Not known, so all that the environment ever had counts as taken back.
        None => releases.latest(git)?.into_iter().next(),
    };
    let newest = newest(git, &last.unwrap_or_else(|| target.commit.clone()), look)?;
    let is_here = git.commit_named(&newest).is_some();
    let wanted =
        git.is_ancestor(&newest, &target.commit) || (is_here && git.same_content(&newest, &target.commit)?);
    let withdraws = (!wanted).then_some(newest);
    let mut plan = Plan::of_state(git, environment, target, base, &releases)?;
    plan.release = now.is_none_or(|now| {
        target.commit != now.commit || target.digests != now.digests || withdraws != now.withdrawn
    });
    plan.withdraws = withdraws;
    Ok(plan)
}

/// The newest release of a commit that the one of `now` followed.
fn before<'s>(git: &Git<'_>, history: &'s [State], now: &str) -> Result<Option<&'s State>> {
    ensure!(
        git.commit_named(now).is_some(),
        "commit {now}, which the overlays name, is neither here nor on the remote, so it is not known which release came before it; \
         name that one by --to COMMIT ({})",
        last_ones(history)
    );
    let earlier = git.history(now)?;
    let mut earlier = earlier.iter().filter(|commit| *commit != now);
    Ok(earlier.find_map(|commit| history.iter().find(|state| state.commit == *commit)))
}

/// The last commit with the content of `commit`: what went away and came back since then was not
/// released once more.
fn newest(git: &Git<'_>, commit: &str, look: &Look) -> Result<String> {
    if let Some(tip) = &look.tip
        && git.is_ancestor(commit, tip)
        && git.same_content(commit, tip)?
    {
        let changed = git.last_change(tip)?;
        if git.is_ancestor(commit, &changed) {
            return Ok(changed);
        }
    }
    Ok(commit.to_owned())
}

impl Proposals<'_, '_> {
    /// Proposes that, and closes what was proposed of this kind before.
    pub(crate) fn roll_back(&self, environment: Environment, to: Option<&str>) -> Result<Outcome> {
        self.until_rest(environment, |look| {
            // One that is nowhere is taken back like any other.
            for commit in ReleaseHistory::of(self.git, environment, &look.base)?.named() {
                self.has(&commit)?;
            }
            let plan = plan(self.git, environment, to, look)?;
            let proposal = describe(&plan);
            let next = self.next_of_rollback(look, &plan, &proposal)?;
            if matches!(next, Next::Rest(_)) {
                plan.print_notes();
            }
            Ok((proposal, next))
        })
    }

    fn next_of_rollback(&self, look: &Look, plan: &Plan, proposal: &Proposal) -> Result<Next> {
        let prefix = prefix(plan.environment);
        let ours = |branch: &str| plan.release && branch == proposal.branch;
        let mut kept = None;
        for open in look.open.iter().filter(|open| open.branch.starts_with(&prefix)) {
            if !ours(&open.branch) || kept.replace(open).is_some() {
                let reason = format!("replaced by the wish for commit {}", plan.commit);
                return Ok(Next::Close(open.clone(), reason));
            }
        }
        if !plan.release {
            return Ok(Next::Rest(Outcome::Nothing));
        }
        self.towards(look, plan, proposal, kept)
    }
}

/// Runs of CI leave these branches alone: what follows the environment is no commit.
fn prefix(environment: Environment) -> String {
    format!("{}to-", proposal::prefix(environment))
}

fn describe(plan: &Plan) -> Proposal {
    let environment = plan.environment;
    let title = match &plan.withdraws {
        Some(_) => format!("Take {environment} back to {}", plan.short_commit()),
        None => format!("Take {environment} on to {}", plan.short_commit()),
    };
    let mut text = format!(
        "The images that {environment} had with commit {}. Merging this is the release.\n\n",
        plan.commit
    );
    for app in plan.with_action(Action::Propose) {
        let digest = app.in_registry.as_deref().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- {}: {digest} (was {})", app.name, app.in_overlay);
    }
    text.push_str(&proposal::left(plan));
    if let Some(withdrawn) = &plan.withdraws {
        let _ = writeln!(
            text,
            "\nCommit {withdrawn} and what came before it is not proposed to {environment} again. To go on, push a change, or run \
             `cargo xtask rollback {environment} --to {}`. The table keeps its schema.",
            short(withdrawn)
        );
    }
    Proposal {
        branch: format!("{}{}", prefix(environment), plan.short_commit()),
        base: main_branch().to_owned(),
        title,
        text,
    }
}

/// The newest release of the commit `to`, or of its content.
fn named<'s>(git: &Git<'_>, history: &'s [State], to: &str, environment: Environment) -> Result<&'s State> {
    let known = distinct(history);
    let fitting: Vec<_> = known.iter().filter(|commit| commit.starts_with(to)).collect();
    ensure!(
        fitting.len() < 2,
        "{to} may mean {} releases of {environment}; write more of it",
        fitting.len()
    );
    let found = history
        .iter()
        .find(|state| fitting.contains(&&state.commit.as_str()));
    let Some(found) = found.or(of_content(git, history, to)) else {
        bail!(
            "{environment} never had a release of commit {to}; {}",
            last_ones(history)
        );
    };
    Ok(found)
}

/// The newest release with the content of a commit that was none itself: one of prose, or one that
/// brought the content back.
fn of_content<'s>(git: &Git<'_>, history: &'s [State], to: &str) -> Option<&'s State> {
    let commit = git.commit_named(to)?;
    history.iter().find(|state| {
        let is_here = git.commit_named(&state.commit).is_some();
        // A commit from before the apps has the content of none.
        is_here && git.same_content(&state.commit, &commit).unwrap_or_default()
    })
}
