//! Proposals: of a release, a promotion, a way back; and what is said of how it ended.

use anyhow::{Context as _, Result, bail};

use crate::ci::git::short;
use crate::ci::look::Look;
use crate::ci::plan::{self, Plan};
use crate::ci::propose::Outcome;
use crate::ci::results;
use crate::ci::run::Run;
use crate::ci::settings::{self, Forge};
use crate::ci::wanted::Wanted;
use crate::environment::{Environment, project};
use crate::flags;

impl Run<'_> {
    pub(in crate::ci) fn propose(&self, flags: &flags::CiPropose) -> Result<()> {
        let (environment, settings) = (settings::environment()?, settings::Registry::from_env()?);
        let registry = self.registry(&settings)?;
        let own = settings::release_apps()?;
        let wanted = Wanted {
            git: self.git,
            images: &registry,
            image: &|app: &str| settings.image(app),
            environment,
            commit: &self.git.head()?,
            // A commit is shown whole or not at all.
            own: own.as_deref().filter(|_| !flags.dry_run),
        };
        if flags.dry_run {
            return self.preview(environment, |look| wanted.newest(look));
        }
        self.settle(environment, |look| wanted.newest(look))
    }

    /// Shows the commit instead of proposing it, and keeps it for whoever wants to look.
    fn preview(&self, environment: Environment, plan: impl FnOnce(&Look) -> Result<Plan>) -> Result<()> {
        let forge = Forge::from_env()?;
        let text = match self.place(&forge, |place| place.preview(environment, plan))? {
            None => {
                println!("nothing to propose: {environment} is pinned to these images");
                String::new()
            }
            Some((proposal, commit)) => {
                let patch = self.git.patch(&commit)?;
                println!("would be  {}\n{patch}", proposal.branch);
                patch + "\n"
            }
        };
        results::write(&self.folder().join("proposal.patch"), &text)
    }

    pub(in crate::ci) fn promote(&self, flags: &flags::CiPromote) -> Result<()> {
        let (from, to) = flags.route()?;
        // Started by a push: what was pushed has to be what is promoted.
        let pushed = match settings::environment_if_any()? {
            Some(environment) if environment == to => Some(self.git.head()?),
            _ => None,
        };
        self.settle(to, |look| {
            plan::promotion(self.git, from, to, pushed.as_deref(), &look.base)
        })
    }

    pub(in crate::ci) fn roll_back(&self, flags: &flags::Rollback) -> Result<()> {
        let (forge, environment) = (Forge::from_env()?, flags.environment);
        let to = flags.to.as_deref();
        match self.place(&forge, |place| place.roll_back(environment, to))? {
            Outcome::Proposed { proposal, place } => println!("proposed  {place} ({})", proposal.title),
            _ => println!("nothing to propose: {environment} has that release"),
        }
        Ok(())
    }

    fn settle(&self, environment: Environment, plan: impl FnMut(&Look) -> Result<Plan>) -> Result<()> {
        let forge = Forge::from_env()?;
        match self.place(&forge, |place| place.settle(environment, plan))? {
            Outcome::Proposed { proposal, place } => println!("proposed  {place} ({})", proposal.title),
            Outcome::Nothing => {
                println!("nothing to propose: {environment} is pinned to the images of this commit");
            }
            Outcome::Overtaken(by) => {
                println!("nothing to propose: {environment} has, or was proposed, the later commit {by}");
            }
            Outcome::Gone(commit) => println!(
                "nothing to propose: branch {} does not hold commit {commit}",
                environment.branch()
            ),
            Outcome::LeftTo(apps) => println!("not yet   the run that pushes {} proposes", apps.join(", ")),
            Outcome::Withdrawn(commit) => println!(
                "nothing to propose: {environment} was taken back from commit {commit}; push a change, or run \
                 `cargo xtask rollback {environment} --to {}`",
                short(&commit)
            ),
            Outcome::Unclear(latest) => println!(
                "nothing to propose: no release wrote what {environment} is pinned to, so this commit might be older; push a change, or \
                 name what it shall have by `cargo xtask rollback {environment} --to COMMIT` (the latest that it had: {})",
                latest
                    .iter()
                    .map(|commit| short(commit))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        }
        Ok(())
    }
}

impl flags::CiPromote {
    /// From where to where: to the last environment from the one before it, if nothing is said.
    fn route(&self) -> Result<(Environment, Environment)> {
        let to = self.to.unwrap_or(project().last());
        let from = self.from.or(project().before(to)).with_context(|| {
            format!("nothing is promoted to {to}: it is the first environment; name another by --to")
        })?;
        if from == to {
            bail!("--from and --to are the same environment");
        }
        Ok((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_environment_is_promoted_from_the_one_before_it() {
        let [first, second, last] = project().environments() else {
            panic!("three environments")
        };
        let route = |from, to| flags::CiPromote { from, to }.route().unwrap();
        assert_eq!(route(None, None), (second, last));
        assert_eq!(route(None, Some(second)), (first, second));
        assert_eq!(route(Some(first), None), (first, last));
    }
}
