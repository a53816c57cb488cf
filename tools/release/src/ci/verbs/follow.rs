//! Proposals to environments that follow versions.

use anyhow::{Context as _, Result, bail};
use semver::VersionReq;

use super::proposals::each;
use crate::ci::gate::Gate;
use crate::ci::run::Run;
use crate::ci::settings;
use crate::ci::versions::{START, Versions};
use crate::environment::{Environment, environments, main_branch};
use crate::flags;

impl Run<'_> {
    /// Proposes to every environment that follows versions the highest of its range.
    pub(in crate::ci) fn follow(&self, flags: &flags::CiAdvance) -> Result<()> {
        let reason = flags.reason()?;
        if let Some(other) = flags.to.filter(|to| to.follows().is_none()) {
            bail!(
                "{other} follows no versions: {} says which by `follows`",
                project::FILE
            );
        }
        let is_meant = |environment: &Environment| flags.to.is_none_or(|to| to == *environment);
        let followers = || {
            environments()
                .iter()
                .filter(is_meant)
                .filter(|to| to.follows().is_some())
        };
        if followers().next().is_none() {
            println!(
                "nothing to propose: no environment of {} follows versions",
                project::FILE
            );
        }
        each(followers(), |to| self.advance_to(to, reason.clone()))
    }

    /// Proposes to one environment the highest version of `range`.
    pub(super) fn follow_to(
        &self,
        to: Environment,
        range: &VersionReq,
        reason: Option<String>,
    ) -> Result<()> {
        let settings = settings::Registry::from_env()?;
        let registry = self.registry(&settings)?;
        let main = main_branch();
        let tip = self.tip(main)?;
        let tip = tip.with_context(|| format!("the repository has no branch {main}"))?;
        let versions = Versions {
            git: self.git,
            images: &registry,
            image: &|app| settings.image(app),
            tags: &self.tags(START)?,
            tip: &tip,
        };
        let Some(whole) = versions.highest(range)? else {
            println!("nothing to propose: the registry has no version of {range}, which {to} follows");
            return Ok(());
        };
        println!(
            "version   {} is the highest of {range}, which {to} follows",
            whole.version
        );
        self.settle(to, Gate::before(to, reason), |look| {
            whole.plan(self.git, to, &look.base)
        })
    }
}

/// Whether only tags release to `environment`; says so.
pub(super) fn is_left_to_tags(environment: Environment) -> bool {
    let follows = environment.follows();
    if let Some(range) = follows {
        println!(
            "nothing to propose: {environment} follows versions ({range}), so neither its branch nor another environment gives it \
             anything; `cargo xtask ci follow` does"
        );
    }
    follows.is_some()
}
