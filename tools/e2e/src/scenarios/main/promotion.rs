//! What staging runs is promoted to production: the same images, nothing built.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::actors::{Visitor, pins};
use crate::env::Env;
use crate::environment::Environment;
use crate::git::short;
use crate::plan::Step;
use crate::progress::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{Expected, built, merged};
use crate::world::ForgeAccess;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("promotion", "promotion to production", 300),
    suite: Suite::Main,
    needs: &["page-change"],
    failure: None,
    run: |env, step| Box::pin(run(env, step)),
};

async fn run(env: &Env, step: &StepHandle) -> Result<()> {
    let staging = Visitor::of(&env.staging, &env.ground.http).commit_shown().await?;
    let production = Visitor::of(&env.production, &env.ground.http);
    let before = production.commit_shown().await?;
    ensure!(
        before != staging,
        "production shows {before} already, so a promotion would prove nothing"
    );

    let manifests = env.manifests();
    let master = manifests.catch_up().await?;
    let digests = pins(&manifests, &master, Environment::Staging).await?;
    let forge = env.world.forge.client();
    let images = forge.images(ForgeAccess::ORGANISATION).await?;

    let commit = built(env, step, Environment::Production, Duration::from_mins(3)).await?;
    let expected = Expected {
        app: "frontend",
        serves: &staging,
    };
    let release = merged(env, step, Environment::Production, &commit, &expected).await?;

    ensure!(
        release.digests == digests,
        "production is pinned to {:?}, staging was to {digests:?}",
        release.digests
    );
    let images_now = forge.images(ForgeAccess::ORGANISATION).await?;
    ensure!(
        images_now == images,
        "the registry has changed: {images:?} before, {images_now:?} after"
    );
    not_built(env, &commit).await?;

    let shown = production.commit_shown().await?;
    ensure!(
        shown == staging,
        "the page of production shows {shown}, staging {staging}"
    );
    let digests: Vec<&str> = digests
        .values()
        .map(|digest| &digest[..digest.len().min(19)])
        .collect();
    step.evidence(format!(
        "production shows {} from the images of staging ({}); nothing was built",
        short(&shown),
        digests.join(", ")
    ));
    Ok(())
}

/// CI's own words: every run of `master` says what it built, and this one must not.
async fn not_built(env: &Env, commit: &str) -> Result<()> {
    let ledger = env.ci.ledger();
    let run = ledger
        .runs_of(commit)
        .into_iter()
        .find(|run| run.branch == Environment::Production.branch());
    let run = run.context("CI has no run for the promotion")?;
    let log = tokio::fs::read_to_string(&run.log)
        .await
        .with_context(|| format!("read {}", run.log.display()))?;
    let built: Vec<&str> = log.lines().filter(|line| says_built(line)).collect();
    ensure!(built.is_empty(), "CI built for production: {}", built.join("; "));
    for run in ledger
        .runs
        .iter()
        .filter(|run| run.branch == Environment::Staging.branch())
    {
        let log = tokio::fs::read_to_string(&run.log)
            .await
            .with_context(|| format!("read {}", run.log.display()))?;
        ensure!(
            log.lines().any(says_built),
            "{} does not say what was built; this check sees nothing",
            run.log.display()
        );
    }
    Ok(())
}

/// GitLab's runner puts `job > ` before each line.
fn says_built(line: &str) -> bool {
    let said = line.split_once(" > ").map_or(line, |(_, said)| said);
    said.starts_with("built ") || said.starts_with("pushed ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_is_seen_through_each_runner() {
        assert!(says_built("built     host/backend:7cd2 (11.6 MB)"));
        assert!(says_built("build           > pushed    host/backend:7cd2"));
        assert!(!says_built("build           > nothing to push"));
        assert!(!says_built("nothing to build > really"));
    }
}
