//! Proposals: of a release, a promotion, a way back; and what is said of how it ended.

use anyhow::{Context as _, Result, bail};

use super::follow; // wing: versions
use crate::ci::gate::Gate;
use crate::ci::git::short;
use crate::ci::held_back::waiting;
use crate::ci::hold;
use crate::ci::look::Look;
use crate::ci::plan::{self, Plan};
use crate::ci::propose::Outcome;
use crate::ci::results;
use crate::ci::rules::Rules;
use crate::ci::run::Run;
use crate::ci::settings::{self, Forge};
use crate::ci::wanted::Wanted;
use crate::environment::{Environment, environments, main_branch, project};
use crate::flags;

impl Run<'_> {
    pub(in crate::ci) fn propose(&self, flags: &flags::CiPropose) -> Result<()> {
        let own = settings::release_apps()?;
        let (environment, rules) = (settings::environment()?, self.rules_of_images()?);
        // wing: versions
        if follow::is_left_to_tags(&rules, environment) {
            return if flags.dry_run { self.keep("") } else { Ok(()) };
        }
        // end of wing
        let gate = rules.gate(environment, flags.unverified.reason()?)?;
        // A commit is shown whole or not at all.
        let own = own.as_deref().filter(|_| !flags.dry_run);
        self.wanting(environment, &self.git.head()?, own, |wanted| {
            if flags.dry_run {
                self.preview(environment, gate, |look| wanted.newest(look))
            } else {
                self.settle(environment, gate, |look| wanted.newest(look))
            }
        })
    }

    /// Proposes to every environment behind the first what its branch has. What one of them waited
    /// for may have come by no push.
    pub(in crate::ci) fn advance(&self, flags: &flags::CiAdvance) -> Result<()> {
        let reason = flags.reason()?;
        if let Some(first) = flags.to.filter(|to| to.builds()) {
            bail!(
                "{first} is the first environment: a push to {} proposes to it; name another by --to",
                first.branch()
            );
        }
        let rules = self.rules_of_images()?;
        let is_meant = |environment: &Environment| flags.to.is_none_or(|to| to == *environment);
        let behind = environments().iter().filter(|environment| !environment.builds());
        each(behind.filter(is_meant), |to| {
            self.advance_to(to, &rules, reason.clone())
        })
    }

    pub(super) fn advance_to(
        &self,
        environment: Environment,
        rules: &Rules,
        reason: Option<String>,
    ) -> Result<()> {
        let gate = rules.gate(environment, reason)?;
        // wing: versions
        if let Some(range) = rules.follows(environment) {
            return self.follow_to(environment, &range, gate);
        }
        // end of wing
        let branch = environment.branch();
        let Some(tip) = self.tip(branch)? else {
            self.with_proposals(&Forge::from_env()?, gate, |proposals| {
                proposals.withdraw(environment)
            })?;
            println!(
                "nothing to propose: there is no branch {branch}, so nothing is meant for {environment}"
            );
            return Ok(());
        };
        self.wanting(environment, &tip, None, |wanted| {
            self.settle(environment, gate, |look| wanted.newest(look))
        })
    }

    /// The rules for what is in the registry already. What is wrong with the settings is said
    /// before anybody is asked.
    fn rules_of_proposals(&self) -> Result<Rules> {
        Forge::from_env()?;
        self.rules()
    }

    /// The same for what is looked for in the registry.
    pub(super) fn rules_of_images(&self) -> Result<Rules> {
        settings::Registry::from_env()?;
        self.rules_of_proposals()
    }

    /// Does `work` with what a run for `commit` wants.
    fn wanting<T>(
        &self,
        environment: Environment,
        commit: &str,
        own: Option<&[&'static str]>,
        work: impl FnOnce(&Wanted<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let settings = settings::Registry::from_env()?;
        let registry = self.registry(&settings)?;
        work(&Wanted {
            git: self.git,
            images: &registry,
            image: &|app: &str| settings.image(app),
            environment,
            commit,
            own,
        })
    }

    /// Shows the commit instead of proposing it, and keeps it for whoever wants to look.
    fn preview(
        &self,
        environment: Environment,
        gate: Option<Gate>,
        plan: impl FnOnce(&Look) -> Result<Plan>,
    ) -> Result<()> {
        let forge = Forge::from_env()?;
        let shown = self.with_proposals(&forge, gate, |proposals| proposals.preview(environment, plan))?;
        let text = match shown {
            Err(outcome) => {
                say(environment, outcome);
                String::new()
            }
            Ok((proposal, commit)) => {
                let patch = self.git.patch(&commit)?;
                println!("would be  {}\n{patch}", proposal.branch);
                patch + "\n"
            }
        };
        self.keep(&text)
    }

    /// Keeps a commit that is shown.
    fn keep(&self, patch: &str) -> Result<()> {
        results::write(&self.folder().join("proposal.patch"), patch)
    }

    pub(in crate::ci) fn promote(&self, flags: &flags::CiPromote) -> Result<()> {
        let ((from, to), rules) = (flags.route()?, self.rules_of_proposals()?);
        // wing: versions
        if follow::is_left_to_tags(&rules, to) {
            return Ok(());
        }
        // end of wing
        // Started by a push: what was pushed has to be what is promoted.
        let pushed = match settings::environment_if_any()? {
            Some(environment) if environment == to => Some(self.git.head()?),
            _ => None,
        };
        let gate = rules.gate(to, flags.unverified.reason()?)?;
        self.settle(to, gate, |look| {
            plan::promotion(self.git, from, to, pushed.as_deref(), &look.base)
        })
    }

    pub(in crate::ci) fn roll_back(&self, flags: &flags::Rollback) -> Result<()> {
        let (forge, environment) = (Forge::from_env()?, flags.environment);
        let to = flags.to.as_deref();
        match self.with_proposals(&forge, None, |proposals| proposals.roll_back(environment, to))? {
            Outcome::Proposed { proposal, reference } => {
                println!("proposed  {reference} ({})", proposal.title);
            }
            _ => println!("nothing to propose: {environment} has that release"),
        }
        Ok(())
    }

    fn settle(
        &self,
        environment: Environment,
        gate: Option<Gate>,
        plan: impl FnMut(&Look) -> Result<Plan>,
    ) -> Result<()> {
        let forge = Forge::from_env()?;
        let outcome = self.with_proposals(&forge, gate, |proposals| proposals.settle(environment, plan))?;
        say(environment, outcome);
        Ok(())
    }
}

/// Does `work` for each of them, whatever becomes of the others.
pub(super) fn each(
    meant: impl Iterator<Item = Environment>,
    work: impl Fn(Environment) -> Result<()>,
) -> Result<()> {
    let mut failed = None;
    for environment in meant {
        if let Err(error) = work(environment) {
            println!("failed    {environment}: {error:#}");
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// How it ended, for people.
pub(super) fn say(environment: Environment, outcome: Outcome) {
    match outcome {
        Outcome::Proposed { proposal, reference } => println!("proposed  {reference} ({})", proposal.title),
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
        Outcome::Missing(commits) => println!(
            "nothing to propose: the overlays of {environment} name {}, which neither this checkout nor its remote has, so this \
             commit might be older; push that one again, as any branch (`git push origin COMMIT:refs/heads/NAME`), or write behind \
             the digests which commit of {} they are of (docs/CI.md, \"When the mark is lost\")",
            commits.join(" and "),
            main_branch()
        ),
        Outcome::Held(hold) => println!("waiting   {environment} is held {hold} ({})", hold::FILE),
        Outcome::Unverified(unproven) => println!("{}", waiting(environment, &unproven)),
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
        let route = |from, to| {
            let flags = flags::CiPromote {
                from,
                to,
                ..flags::CiPromote::default()
            };
            flags.route().unwrap()
        };
        assert_eq!(route(None, None), (second, last));
        assert_eq!(route(None, Some(second)), (first, second));
        assert_eq!(route(Some(first), None), (first, last));
    }
}
