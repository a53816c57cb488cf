//! What a proposal is made of: its branch, its one commit, and what it says to people.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::ci::forge::Proposal;
use crate::ci::git::Git;
use crate::ci::held_back::UNVERIFIED;
use crate::ci::history::{SOURCE, WITHDRAWN};
use crate::ci::plan::{Action, AppPlan, Plan};
use crate::ci::versions::history::VERSION; // wing: versions
use crate::environment::{Environment, main_branch};
use overlay::Pin;

/// Signs that CodeCommit takes in a title; the other forges take more.
const LONGEST_TITLE: usize = 150;

/// What the branches of an environment's proposals begin with.
pub(crate) fn prefix(environment: Environment) -> String {
    format!("release/{environment}-")
}

/// The commit, as far as the branch of a proposal names it.
pub(crate) fn commit_of(branch: &str, environment: Environment) -> Option<&str> {
    branch
        .strip_prefix(&prefix(environment))
        .filter(|name| name.len() >= 7 && name.chars().all(|c| c.is_ascii_hexdigit()))
}

/// The branch of the proposal of `plan`.
pub(crate) fn branch(plan: &Plan) -> String {
    format!("{}{}", prefix(plan.environment), plan.short_commit())
}

/// What the proposal of `plan` is called and says.
pub(crate) fn describe(plan: &Plan) -> Proposal {
    let changed: Vec<_> = plan.with_action(Action::Propose).collect();
    let names: Vec<_> = changed.iter().map(|app| app.name).collect();
    Proposal {
        branch: branch(plan),
        base: main_branch().to_owned(),
        title: title(&names, plan.environment, &name(plan)),
        text: text(plan, &changed),
    }
}

/// What a proposal of `apps` is called. Where their names make it too long they are counted; its
/// text has them all.
pub(crate) fn title(apps: &[&str], environment: Environment, name: &str) -> String {
    let of = |apps: &str| format!("Release {apps} to {environment} ({name})");
    let title = of(&apps.join(" and "));
    if title.len() > LONGEST_TITLE {
        return of(&format!("{} apps", apps.len()));
    }
    title
}

/// What people call what is released.
fn name(plan: &Plan) -> String {
    // wing: versions
    if let Some(version) = &plan.version {
        return format!("{version}, {}", plan.short_commit());
    }
    // end of wing
    plan.short_commit().to_owned()
}

/// The commit that pins the images of `plan` on top of `parent`. It depends on nothing else, so
/// every run makes the same.
pub(crate) fn commit(git: &Git<'_>, plan: &Plan, proposal: &Proposal, parent: &str) -> Result<String> {
    let files = plan
        .apps
        .iter()
        .map(|app| edit(git, plan, app, parent))
        .collect::<Result<Vec<_>>>()?;
    let mut message = format!(
        "{}\n\n{}\n{SOURCE}{}\n",
        proposal.title, proposal.text, plan.commit
    );
    if let Some(withdrawn) = &plan.withdraws {
        // Writing to a string cannot fail.
        let _ = writeln!(message, "{WITHDRAWN}{withdrawn}");
    }
    // wing: versions
    if let Some(version) = &plan.version {
        let _ = writeln!(message, "{VERSION}{version}");
    }
    // end of wing
    if let Some(reason) = &plan.held_back.unverified {
        let _ = writeln!(message, "{UNVERIFIED}{reason}");
    }
    git.commit(parent, &plan.commit, &files, &message)
}

/// Whether `made` is what [`commit`] once made and can still be merged: the overlays are now as
/// they were under it. What else has changed does not matter, and reviews of it stay valid.
pub(crate) fn stands(git: &Git<'_>, plan: &Plan, proposal: &Proposal, made: &str) -> Result<bool> {
    let Some(parent) = git.commit_named(&format!("{made}^")) else {
        return Ok(false);
    };
    for app in &plan.apps {
        let path = app.app.overlay(plan.environment);
        let Ok(under) = git.file(&parent, &path) else {
            return Ok(false);
        };
        if under != git.file(&plan.base, &path)? {
            return Ok(false);
        }
    }
    Ok(commit(git, plan, proposal, &parent)? == made)
}

fn edit(git: &Git<'_>, plan: &Plan, app: &AppPlan, parent: &str) -> Result<(String, String)> {
    let path = app.app.overlay(plan.environment);
    let digest = app
        .in_registry
        .as_deref()
        .context("an image to propose has a digest")?;
    let pin = Pin {
        digest: digest.to_owned(),
        commit: Some(plan.commit.clone()),
        withdrawn: plan.withdraws.clone(),
    };
    let changed = overlay::with_pin(&git.file(parent, &path)?, app.name, &pin)
        .with_context(|| format!("{path} on branch {}", main_branch()))?;
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
    text + &left(plan) + &override_of(plan)
}

/// What a proposal says where a person does not wait for the proof.
fn override_of(plan: &Plan) -> String {
    let reason = plan.held_back.unverified.iter();
    let lines = reason.map(|reason| format!("\nNot verified in the environment before: {reason}\n"));
    lines.collect()
}

/// What a proposal says of apps that it leaves as they are.
pub(crate) fn left(plan: &Plan) -> String {
    let lines = plan.left.iter();
    let lines = lines.map(|app| format!("- {app}: {}\n", plan.why_left()));
    lines.collect::<Vec<_>>().concat()
}
