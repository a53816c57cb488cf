//! What giving an environment a version means.

use anyhow::Result;

use super::{Whole, history};
use crate::ci::git::Git;
use crate::ci::history::{ReleaseHistory, State};
use crate::ci::plan::Plan;
use crate::ci::proposals::Proposals;
use crate::ci::propose::Outcome;
use crate::environment::Environment;

impl Proposals<'_, '_> {
    /// Proposes the version that was found. Where there is none, or that is not known, what is open
    /// is looked at all the same: it may be held by now, or proven no more.
    pub(crate) fn follow(
        &self,
        environment: Environment,
        found: Result<Option<Whole>>,
    ) -> Result<Option<Outcome>> {
        if let Ok(Some(whole)) = found {
            let outcome = self.settle(environment, |look| whole.plan(self.git, environment, &look.base));
            return outcome.map(Some);
        }
        let withdrawn = self.withdraw(environment);
        found?;
        withdrawn?;
        Ok(None)
    }
}

impl Whole {
    /// The plan for `environment` while the overlays are as in `base`.
    pub(crate) fn plan(&self, git: &Git<'_>, environment: Environment, base: &str) -> Result<Plan> {
        history::check(git, environment, base, self)?;
        let releases = ReleaseHistory::of(git, environment, base)?;
        let state = State {
            commit: self.commit.clone(),
            withdrawn: None,
            digests: self.digests.clone(),
        };
        let plan = Plan::of_state(git, environment, &state, base, &releases)?;
        let plan = plan.bounded(git, &releases)?;
        Ok(Plan {
            version: Some(self.version.to_string()),
            ..plan
        })
    }
}
