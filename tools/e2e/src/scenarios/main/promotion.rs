//! What staging runs is promoted to production, through each environment between the two: the same
//! images, nothing built.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::actors::{Visitor, pins};
use crate::ci::{Event, Run};
use crate::environment::Environment;
use crate::git::forge::ForgeAccess;
use crate::git::short;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{Expected, built, merged};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("promotion", "promotion to production", 300),
    suite: Suite::Main,
    needs: &["page-change"],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    for pair in Environment::all().windows(2) {
        promoted(testbed, step, pair[0], pair[1]).await?;
    }
    Ok(())
}

/// From one environment to the one behind it.
async fn promoted(testbed: &Testbed, step: &StepHandle, from: Environment, to: Environment) -> Result<()> {
    let page = |environment| Visitor::of(testbed.cluster(environment), &testbed.harness.http);
    let given = page(from).commit_shown().await?;
    let before = page(to).commit_shown().await?;
    ensure!(
        before != given,
        "{to} shows {before} already, so a promotion would prove nothing"
    );

    let manifests = testbed.manifests();
    let master = manifests.catch_up().await?;
    let digests = pins(&manifests, &master, from).await?;
    let forge = testbed.world.forge.client();
    let images = forge.images(ForgeAccess::ORGANISATION).await?;

    let commit = built(testbed, step, to, Duration::from_mins(3)).await?;
    let expected = Expected {
        app: "frontend",
        serves: &given,
    };
    let release = merged(testbed, step, to, &commit, &expected).await?;

    ensure!(
        release.digests == digests,
        "{to} is pinned to {:?}, {from} was to {digests:?}",
        release.digests
    );
    let images_now = forge.images(ForgeAccess::ORGANISATION).await?;
    ensure!(
        images_now == images,
        "the registry has changed: {images:?} before, {images_now:?} after"
    );
    not_built(testbed, &commit, to)?;

    let shown = page(to).commit_shown().await?;
    ensure!(shown == given, "the page of {to} shows {shown}, {from} {given}");
    let digests: Vec<&str> = digests
        .values()
        .map(|digest| &digest[..digest.len().min(19)])
        .collect();
    step.evidence(format!(
        "{to} shows {} from the images of {from} ({}); nothing was built",
        short(&shown),
        digests.join(", ")
    ));
    Ok(())
}

/// By what CI says it did: every run of `master` built something, and this one must not have.
fn not_built(testbed: &Testbed, commit: &str, to: Environment) -> Result<()> {
    let ledger = testbed.ci.ledger();
    let run = ledger
        .runs_of(commit)
        .into_iter()
        .find(|run| run.branch == to.branch());
    let run = run.context("CI has no run for the promotion")?;
    let built = images(run)?;
    ensure!(built.is_empty(), "CI built for {to}: {}", built.join("; "));
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
        Event::Built { image, .. } | Event::Pushed { image, .. } => Some(image),
        Event::Took { .. } | Event::Other => None,
    };
    Ok(run.events()?.into_iter().filter_map(image).collect())
}
