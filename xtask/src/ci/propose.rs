//! The one thing CI writes to Git: a branch that pins an environment's images, and the pull request for it.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};

use crate::ci::forge::{Client, PullRequest};
use crate::ci::git::Git;
use crate::ci::overlay;
use crate::ci::plan::{Action, AppPlan, Plan};
use crate::ci::settings::MAIN_BRANCH;

/// A pushed branch and what its pull request says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) branch: String,
    pub(crate) title: String,
    pub(crate) text: String,
}

/// Commits the digests of `plan` on top of its base and pushes them as a branch; `None` when all are deployed already.
pub(crate) fn push_branch(git: &Git<'_>, plan: &Plan) -> Result<Option<Proposal>> {
    plan.refuse_missing()?;
    if let Some(app) = plan.with_action(Action::Build).next() {
        bail!(
            "the registry does not have {}; run `cargo xtask ci build` and `cargo xtask ci push` first",
            app.image
        );
    }
    let changed: Vec<_> = plan.with_action(Action::Propose).collect();
    if changed.is_empty() {
        return Ok(None);
    }
    let files = changed
        .iter()
        .map(|app| edit(git, plan, app))
        .collect::<Result<Vec<_>>>()?;
    let names: Vec<_> = changed.iter().map(|app| app.name).collect();
    let title = format!(
        "Release {} to {} ({})",
        names.join(" and "),
        plan.environment,
        plan.short_commit()
    );
    let text = text(plan, &changed);
    let branch = format!("{}{}", prefix(plan.environment), plan.short_commit());
    let commit = git.commit(&plan.base, &plan.commit, &files, &format!("{title}\n\n{text}"))?;
    git.push(&commit, &branch)?;
    Ok(Some(Proposal { branch, title, text }))
}

/// Opens the pull request, or finds the one that a former run of the same commit opened; closes those of older commits.
pub(crate) fn open(
    git: &Git<'_>,
    forge: &Client<'_>,
    plan: &Plan,
    proposal: &Proposal,
) -> Result<PullRequest> {
    let existing = forge.open_pull_requests()?;
    let ours = match existing.iter().find(|other| other.head.branch == proposal.branch) {
        Some(ours) => ours.clone(),
        None => forge.open(&proposal.branch, MAIN_BRANCH, &proposal.title, &proposal.text)?,
    };
    for older in existing
        .iter()
        .filter(|other| replaces(git, plan, &other.head.branch))
    {
        forge.close(
            older,
            &format!("Replaced by #{}, which releases a later commit.", ours.number),
        )?;
        println!("closed    {} (an older commit)", older.html_url);
    }
    Ok(ours)
}

/// Whether `branch` proposes an ancestor of this commit to the same environment. A run that was overtaken closes nothing.
fn replaces(git: &Git<'_>, plan: &Plan, branch: &str) -> bool {
    let Some(commit) = branch.strip_prefix(&prefix(plan.environment)) else {
        return false;
    };
    commit != plan.short_commit() && git.is_ancestor(commit, &plan.commit)
}

fn prefix(environment: &str) -> String {
    format!("release/{environment}-")
}

fn edit(git: &Git<'_>, plan: &Plan, app: &AppPlan) -> Result<(String, String)> {
    let path = app.app.overlay(plan.environment);
    let digest = app
        .in_registry
        .as_deref()
        .context("an image to propose has a digest")?;
    let changed = overlay::with_digest(&git.file(&plan.base, &path)?, app.name, digest)
        .with_context(|| format!("{path} on branch {MAIN_BRANCH}"))?;
    Ok((path, changed))
}

fn text(plan: &Plan, changed: &[&AppPlan]) -> String {
    let mut text = format!(
        "Images of commit {} for {}. Merging this is the release.\n\n",
        plan.commit, plan.environment
    );
    for app in changed {
        let digest = app.in_registry.as_deref().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "- {}: {digest} (was {}), content {}",
            app.name, app.in_overlay, app.fingerprint
        );
    }
    text
}
