//! What giving an environment a version means.

use anyhow::Result;

use super::{Whole, history};
use crate::ci::git::Git;
use crate::ci::history::{ReleaseHistory, State};
use crate::ci::plan::Plan;
use crate::environment::Environment;

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
