//! Proposals to environments that follow versions.

use anyhow::{Result, bail};
use semver::VersionReq;

use super::proposals::{each, say};
use crate::ci::gate::Gate;
use crate::ci::rules::Rules;
use crate::ci::run::Run;
use crate::ci::settings::{self, Forge};
use crate::ci::versions::{START, Versions, Whole};
use crate::environment::{Environment, environments};
use crate::flags;

impl Run<'_> {
    /// Proposes to every environment that follows versions the highest of its range.
    pub(in crate::ci) fn follow(&self, flags: &flags::CiAdvance) -> Result<()> {
        let (reason, rules) = (flags.reason()?, self.rules_of_images()?);
        let follows = |to: Environment| rules.follows(to).is_some();
        if let Some(other) = flags.to.filter(|to| !follows(to)) {
            bail!(
                "{other} follows no versions: {} says which by `follows`",
                project::FILE
            );
        }
        let is_meant = |environment: &Environment| flags.to.is_none_or(|to| to == *environment);
        let followers = || environments().iter().filter(is_meant).filter(|to| follows(to));
        if followers().next().is_none() {
            println!(
                "nothing to propose: no environment of {} follows versions",
                project::FILE
            );
        }
        each(followers(), |to| self.advance_to(to, &rules, reason.clone()))
    }

    /// Proposes to one environment the highest version of `range`.
    pub(super) fn follow_to(&self, to: Environment, range: &VersionReq, gate: Option<Gate>) -> Result<()> {
        let forge = Forge::from_env()?;
        let found = self.highest(range);
        match &found {
            Ok(Some(whole)) => println!(
                "version   {} is the highest of {range}, which {to} follows",
                whole.version
            ),
            Ok(None) => {
                println!("nothing to propose: the registry has no version of {range}, which {to} follows");
            }
            Err(_) => {}
        }
        let outcome = self.with_proposals(&forge, gate, |proposals| proposals.follow(to, found))?;
        if let Some(outcome) = outcome {
            say(to, outcome);
        }
        Ok(())
    }

    /// The highest version of `range` that is whole.
    fn highest(&self, range: &VersionReq) -> Result<Option<Whole>> {
        let settings = settings::Registry::from_env()?;
        let registry = self.registry(&settings)?;
        let tip = self.tip_of_main()?;
        let versions = Versions {
            git: self.git,
            images: &registry,
            image: &|app| settings.image(app),
            tags: &self.tags(START)?,
            tip: &tip,
        };
        versions.highest(range)
    }
}

/// Whether only tags release to `environment`; says so.
pub(super) fn is_left_to_tags(rules: &Rules, environment: Environment) -> bool {
    let follows = rules.follows(environment);
    if let Some(range) = &follows {
        println!(
            "nothing to propose: {environment} follows versions ({range}), so neither its branch nor another environment gives it \
             anything; `cargo xtask ci follow` does"
        );
    }
    follows.is_some()
}
