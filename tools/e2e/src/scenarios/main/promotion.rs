//! What staging runs is promoted to production: the same images, nothing built.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::actors::{Visitor, pins};
use crate::ci::{Event, Run};
use crate::environment::Environment;
use crate::forge::ForgeAccess;
use crate::git::short;
use crate::plan::Step;
use crate::progress::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{Expected, built, merged};
use crate::testbed::Testbed;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("promotion", "promotion to production", 300),
    suite: Suite::Main,
    needs: &["page-change"],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let staging = Visitor::of(testbed.first(), &testbed.harness.http)
        .commit_shown()
        .await?;
    let production = Visitor::of(testbed.last(), &testbed.harness.http);
    let before = production.commit_shown().await?;
    ensure!(
        before != staging,
        "production shows {before} already, so a promotion would prove nothing"
    );

    let manifests = testbed.manifests();
    let master = manifests.catch_up().await?;
    let digests = pins(&manifests, &master, Environment::first()).await?;
    let forge = testbed.world.forge.client();
    let images = forge.images(ForgeAccess::ORGANISATION).await?;

    let commit = built(testbed, step, Environment::last(), Duration::from_mins(3)).await?;
    let expected = Expected {
        app: "frontend",
        serves: &staging,
    };
    let release = merged(testbed, step, Environment::last(), &commit, &expected).await?;

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
    not_built(testbed, &commit)?;

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

/// By what CI says it did: every run of `master` built something, and this one must not have.
fn not_built(testbed: &Testbed, commit: &str) -> Result<()> {
    let ledger = testbed.ci.ledger();
    let run = ledger
        .runs_of(commit)
        .into_iter()
        .find(|run| run.branch == Environment::last().branch());
    let run = run.context("CI has no run for the promotion")?;
    let built = images(run)?;
    ensure!(built.is_empty(), "CI built for production: {}", built.join("; "));
    for run in ledger
        .runs
        .iter()
        .filter(|run| run.branch == Environment::first().branch())
    {
        ensure!(
            !images(run)?.is_empty(),
            "{} does not say what was built; this check sees nothing",
            run.log.display()
        );
    }
    Ok(())
}

/// The images that a run made or pushed.
fn images(run: &Run) -> Result<Vec<String>> {
    let image = |event| match event {
        Event::Built { image, .. } | Event::Pushed { image } => Some(image),
        Event::Other => None,
    };
    Ok(run.events()?.into_iter().filter_map(image).collect())
}
