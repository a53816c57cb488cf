//! What a run wants released, and the newest commit that it can speak for.

use anyhow::{Result, bail};

use crate::ci::git::Git;
use crate::ci::look::Look;
use crate::ci::plan::{self, Action, Plan};
use crate::ci::registry::Images;
use crate::environment::Environment;

/// A run's commit, and all that tells which images it has.
pub(crate) struct Wanted<'a, 'sh> {
    pub(crate) git: &'a Git<'sh>,
    pub(crate) images: &'a dyn Images,
    /// The image of an app, without a tag.
    pub(crate) image: &'a dyn Fn(&str) -> String,
    pub(crate) environment: Environment,
    pub(crate) commit: &'a str,
    /// The apps that this run pushes, of runs that share the commit; `None`: it pushes all.
    pub(crate) own: Option<&'a [&'static str]>,
}

impl Wanted<'_, '_> {
    /// The plan for the branch's tip, if all of its images are there, else for the run's own
    /// commit. So it does not matter whose run looks last.
    pub(crate) fn newest(&self, look: &Look) -> Result<Plan> {
        let (git, commit) = (self.git, self.commit);
        let mut is_outdated = false;
        if let Some(tip) = &look.tip
            && tip != commit
            && git.is_ancestor(commit, tip)
            && !git.same_content(commit, tip)?
        {
            let plan = self.of_tip(tip, look)?;
            if plan.is_pushed() {
                return Ok(plan);
            }
            is_outdated = true;
        }
        let mut plan = self.plan(commit, look)?;
        plan.is_outdated = is_outdated;
        plan.refuse_missing()?;
        if let Some(app) = plan.with_action(Action::Build).find(|app| self.is_own(app.name)) {
            bail!(
                "the registry does not have {}; run `cargo xtask ci build` and `cargo xtask ci push` first",
                app.image
            );
        }
        Ok(plan)
    }

    /// By the commit that made the content of the branch. Where that is not later than this run's
    /// and what is released, as on a line of its own that was merged, by the tip.
    fn of_tip(&self, tip: &str, look: &Look) -> Result<Plan> {
        let changed = self.git.last_change(tip)?;
        let plan = self.plan(&changed, look)?;
        let is_later =
            |before: &str| self.git.is_ancestor(before, &changed) || !self.git.is_ancestor(before, tip);
        if is_later(self.commit) && plan.released().all(is_later) {
            return Ok(plan);
        }
        self.plan(tip, look)
    }

    fn plan(&self, commit: &str, look: &Look) -> Result<Plan> {
        plan::compute(
            self.git,
            self.images,
            self.image,
            self.environment,
            commit,
            &look.base,
        )
    }

    fn is_own(&self, app: &str) -> bool {
        self.own.is_none_or(|own| own.contains(&app))
    }
}
