//! The gate in front of an environment: it is given only images that the environment before has
//! proven, as statuses on the commits say that brought them there.
//!
//! A commit is not trusted for its name but for its content. What counts is the state of an app's
//! manifests for the environment before, its digest among them: the commits on the main line that
//! have this very state, and no other ones. So the proof of an earlier or a later release never
//! counts, and neither does one from before a change of the manifests.

mod verdict;

use anyhow::Result;
use jiff::Timestamp;

use crate::ci::held_back::{UNVERIFIED, Unproven, Why};
use crate::ci::hold;
use crate::ci::look::Look;
use crate::ci::pins;
use crate::ci::plan::Plan;
use crate::ci::proposal;
use crate::ci::proposals::Proposals;
use crate::environment::{Environment, apps};
use project::App;

// wing: release-tests
#[cfg(test)]
pub(crate) use self::verdict::doubt;
// end of wing

/// Commits with one state that are asked for: the newest has a status as soon as the environment
/// has looked at it, which it does for every commit.
const DEPTH: usize = 50;

/// Who has to prove what is proposed.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) before: Environment,
    /// Why a person does not wait for that.
    pub(crate) unverified: Option<String>,
}

impl Proposals<'_, '_> {
    /// The plan with what keeps it back: a hold, and what is not proven of it, with what a person
    /// says to that.
    pub(crate) fn judged(&self, look: &Look, mut plan: Plan) -> Result<Plan> {
        plan.held_back.hold = hold::of(self.git, plan.environment, &look.base, Timestamp::now())?;
        let Some(gate) = self.gate.as_ref().filter(|_| plan.release) else {
            return Ok(plan);
        };
        let images = plan.apps.iter();
        let images = images.filter_map(|app| Some((app.app, app.in_registry.clone()?)));
        plan.held_back.unproven = self.unproven(look, gate, images.collect())?;
        let own = gate
            .unverified
            .clone()
            .filter(|_| !plan.held_back.unproven.is_empty());
        let branch = proposal::branch(&plan);
        let is_open = look.open.iter().any(|open| open.branch == branch);
        let kept = if is_open {
            self.override_of(look, &branch)?
        } else {
            None
        };
        plan.held_back.unverified = kept.or(own);
        Ok(plan)
    }

    /// What is not proven of an open proposal: of what was when it was made, something may be
    /// proven no more.
    pub(crate) fn unproven_in(
        &self,
        look: &Look,
        environment: Environment,
        branch: &str,
    ) -> Result<Vec<Unproven>> {
        let Some(gate) = &self.gate else {
            return Ok(Vec::new());
        };
        if self.override_of(look, branch)?.is_some() {
            return Ok(Vec::new());
        }
        let (Some(made), Some(commit)) = (
            look.branches.get(branch),
            proposal::commit_of(branch, environment),
        ) else {
            return Ok(Vec::new());
        };
        let mut images = Vec::new();
        for app in apps() {
            let Some(pin) = pins::proposed(self.git, (branch, made), app, environment)? else {
                continue;
            };
            // Of an app that the release has no image of, nothing changes.
            if pin.commit.is_some_and(|of| of.starts_with(commit)) {
                images.push((app, pin.digest));
            }
        }
        self.unproven(look, gate, images)
    }

    /// Why a person had the proposal of this branch made without the proof.
    fn override_of(&self, look: &Look, branch: &str) -> Result<Option<String>> {
        let Some(made) = look.branches.get(branch) else {
            return Ok(None);
        };
        if self.git.commit_named(made).is_none() {
            self.infra.bring(&[branch])?;
        }
        let message = self.git.message(made)?;
        let reason = message.lines().find_map(|line| line.strip_prefix(UNVERIFIED));
        Ok(reason.map(str::to_owned))
    }

    /// Those of `images` that the environment before has not proven to be what it runs.
    fn unproven(&self, look: &Look, gate: &Gate, images: Vec<(&App, String)>) -> Result<Vec<Unproven>> {
        let mut unproven = Vec::new();
        for (app, digest) in images {
            let commits = self.with_the_state(look, gate, app)?;
            let Some(why) = self.doubt(look, gate, app, &digest, &commits)? else {
                continue;
            };
            let brought = commits.last();
            let since = brought.map(|commit| self.git.seconds(commit));
            unproven.push(Unproven {
                app: app.name().to_owned(),
                before: gate.before,
                commit: brought.cloned().unwrap_or_default(),
                since: since.transpose()?.unwrap_or_default(),
                why,
            });
        }
        Ok(unproven)
    }

    /// The commits on the main line that have the state of the app's manifests for the environment
    /// before, newest first; the last one brought it.
    fn with_the_state(&self, look: &Look, gate: &Gate, app: &App) -> Result<Vec<String>> {
        let folders = [app.base(), app.manifests(gate.before)];
        self.git.main_line_with(&look.base, &folders, DEPTH)
    }

    /// Why `digest` is not proven, if it is not; `commits` have the state that has to be.
    fn doubt(
        &self,
        look: &Look,
        gate: &Gate,
        app: &App,
        digest: &str,
        commits: &[String],
    ) -> Result<Option<Why>> {
        let pin = pins::pinned(self.git, &look.base, app, gate.before)?;
        if pin.digest != digest {
            return Ok(Some(Why::Other(pin.commit)));
        }
        verdict::doubt(commits, &gate.before.report_on(app.name()), |commit| {
            look.statuses(self.forge, commit)
        })
    }
}
