//! `cargo xtask rollback ENV`: proposes the images that an environment had with an earlier release, as its overlays' own history
//! has them. Nothing is built and no branch is set back.
//!
//! The overlays then say which later commit was taken back, so that no run of CI proposes it, or anything older, again.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};

use crate::ci::apps::APPS;
use crate::ci::forge::Proposal;
use crate::ci::git::{Git, short};
use crate::ci::look::Look;
use crate::ci::overlay::Pin;
use crate::ci::plan::{self, Action, AppPlan, Plan};
use crate::ci::proposal;
use crate::ci::propose::{Next, Outcome, Place};
use crate::environment::{Environment, MAIN_BRANCH};

/// A state of an environment's overlays that a release, or a rollback to one, has left.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    commit: String,
    withdrawn: Option<String>,
    /// In the order of the apps.
    digests: Vec<String>,
}

/// What giving an environment an earlier release means while the overlays are as in `base`: the one before the present one, or
/// that of the commit `to`, which may be cut short.
pub(crate) fn plan(git: &Git<'_>, environment: Environment, to: Option<&str>, look: &Look) -> Result<Plan> {
    let base = look.base.as_str();
    let now = state(git, environment, base).with_context(|| {
        format!("the overlays of {environment} on {MAIN_BRANCH} name no single release, so nothing is to be taken back")
    })?;
    let history = history(git, environment, base)?;
    let target = match to {
        Some(to) => named(&history, to, environment)?,
        None => history
            .iter()
            .find(|state| state.commit != now.commit && git.is_ancestor(&state.commit, &now.commit))
            .with_context(|| {
                format!(
                    "{environment} had no release before that of commit {}",
                    now.commit
                )
            })?,
    };
    let newest = newest(git, now.withdrawn.as_ref().unwrap_or(&now.commit), look)?;
    let wanted = git.is_ancestor(&newest, &target.commit) || git.same_content(&newest, &target.commit)?;
    let withdraws = (!wanted).then_some(newest);
    let apps = APPS.iter().zip(&target.digests).zip(&now.digests);
    let apps = apps.map(|((app, digest), in_overlay)| {
        Ok(AppPlan {
            app,
            name: app.name,
            fingerprint: git.fingerprint(&target.commit, app)?,
            image: format!("{}@{digest}", app.name),
            in_registry: Some(digest.clone()),
            in_overlay: in_overlay.clone(),
            released: Some(now.commit.clone()),
            withdrawn: now.withdrawn.clone(),
            action: plan::action(environment, Some(digest), in_overlay),
        })
    });
    let apps = apps.collect::<Result<Vec<_>>>()?;
    let mut plan = Plan::of(environment, &target.commit, base, apps);
    plan.release = target.commit != now.commit || target.digests != now.digests || withdraws != now.withdrawn;
    plan.withdraws = withdraws;
    Ok(plan)
}

/// The last commit with the content of `commit`: what went away and came back since then was not released once more.
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

impl Place<'_, '_> {
    /// Proposes that, and closes what was proposed of this kind before.
    pub(crate) fn roll_back(&self, environment: Environment, to: Option<&str>) -> Result<Outcome> {
        self.until_rest(environment, |look| {
            let plan = plan(self.git, environment, to, look)?;
            let proposal = describe(&plan);
            let next = self.next_of_rollback(look, &plan, &proposal)?;
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
fn prefix(environment: &str) -> String {
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
        base: MAIN_BRANCH.to_owned(),
        title,
        text,
    }
}

/// The releases that an environment has had, newest first; one that came back stands there twice.
fn history(git: &Git<'_>, environment: Environment, base: &str) -> Result<Vec<State>> {
    let overlays: Vec<_> = APPS.iter().map(|app| app.overlay(environment.name())).collect();
    let changes = git.changes(base, &overlays)?;
    Ok(changes
        .iter()
        .filter_map(|commit| state(git, environment, commit))
        .collect())
}

/// What the overlays are in `commit`; none where they name no release, or the apps different ones.
fn state(git: &Git<'_>, environment: Environment, commit: &str) -> Option<State> {
    let pins = APPS
        .iter()
        .map(|app| plan::pinned(git, commit, app, environment).ok());
    let pins: Vec<Pin> = pins.collect::<Option<_>>()?;
    let Pin {
        commit, withdrawn, ..
    } = pins.first()?.clone();
    let alike = |pin: &Pin| pin.commit == commit && pin.withdrawn == withdrawn;
    pins.iter().all(alike).then_some(())?;
    Some(State {
        commit: commit?,
        withdrawn,
        digests: pins.into_iter().map(|pin| pin.digest).collect(),
    })
}

fn named<'s>(history: &'s [State], to: &str, environment: Environment) -> Result<&'s State> {
    let mut known: Vec<&str> = Vec::new();
    for state in history {
        if !known.contains(&state.commit.as_str()) {
            known.push(&state.commit);
        }
    }
    let fitting: Vec<_> = known.iter().filter(|commit| commit.starts_with(to)).collect();
    ensure!(
        fitting.len() < 2,
        "{to} may mean {} releases of {environment}; write more of it",
        fitting.len()
    );
    let found = history
        .iter()
        .find(|state| fitting.contains(&&state.commit.as_str()));
    let Some(found) = found else {
        let known: Vec<_> = known.iter().take(5).map(|commit| short(commit)).collect();
        bail!(
            "{environment} never had a release of commit {to}; the last ones were {}",
            known.join(", ")
        );
    };
    Ok(found)
}
