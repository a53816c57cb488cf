//! The forge stops answering: during a sync, and after a merge that no webhook announced.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};

use crate::actors::{Operator, ReadLoad, Visitor};
use crate::environment::{API, Environment};
use crate::git::forge::FORGE;
use crate::gitops::{self, Status};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::paused::Paused;
use crate::scenarios::{deliveries, overlays};
use crate::wait::{Verdict, consistently};

const APP: &str = API;
const BEGUN: Duration = Duration::from_secs(20);
const DOWN: Duration = Duration::from_secs(5);
/// Until Argo CD gives up to ask a forge that does not answer.
const ASKED: Duration = Duration::from_secs(90);
const NOT_COMPARED: &str = "ComparisonError";
const LIVE: Duration = Duration::from_secs(40);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("forge-down", "the forge stops answering", 420),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "The forge stops answering: once during a sync, and once after a merge whose webhook was lost.",
        effect: "The application keeps serving. A sync that has begun finishes without the forge; a refresh meanwhile ends in \
                 `ComparisonError`. A merged release goes live when the forge is back: within two minutes by itself, or at once \
                 after a manual refresh.",
        within: "40 s after the refresh, 0 failed requests",
        way_out: "Bring the forge back. Argo CD then syncs what `master` contains.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    if testbed.world.signing.is_some() {
        step.skip(
            "the admission controller asks the registry for signatures, and here the forge is the registry",
        );
        return Ok(());
    }
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let there = in_mid_sync(testbed, step).await?;
    // Even if it fails: the other scenarios rely on the webhooks.
    let outcome = after_a_merge(testbed, step, &there).await;
    let restored = deliveries::set_active(testbed, true).await;
    outcome.and(restored)?;
    reads.stop(step).await?.at_most(0)
}

/// Argo CD has rendered what it applies, so it needs the forge no more.
async fn in_mid_sync(testbed: &Testbed, step: &StepHandle) -> Result<String> {
    let staging = testbed.first();
    let there = Operator::of(testbed)
        .patch(&overlays::of(API), &[overlays::restart("forge-down")])
        .await?;
    gitops::app(step, staging, APP).at(&there).syncing(BEGUN).await?;
    let down = forge_paused(testbed).await?;
    let (began, moment) = (Instant::now(), SystemTime::now());
    gitops::app(step, staging, APP)
        .at(&there)
        .still_syncing(moment)
        .await?;
    gitops::app(step, staging, APP).at(&there).arrived(LIVE).await?;
    gitops::ended_after(staging, APP, moment).await?;
    step.measured("forge down to live", began.elapsed().as_secs_f64());
    down.end().await?;
    Ok(there)
}

/// The merge takes back what `there` released.
async fn after_a_merge(testbed: &Testbed, step: &StepHandle, there: &str) -> Result<()> {
    let (staging, operator) = (testbed.first(), Operator::of(testbed));
    deliveries::set_active(testbed, false).await?;
    let back = operator.revert(there).await?;
    let down = forge_paused(testbed).await?;
    let visitor = Visitor::of(staging, &testbed.harness.http);
    consistently(step, "the page, without a forge", DOWN, async || {
        visitor.page().await.map(Verdict::Ready)
    })
    .await?;
    gitops::refresh(staging, APP).await?;
    let refused = |status: &Status| match status.problem() {
        Some(why) if why.contains(NOT_COMPARED) => Verdict::Ready(why),
        _ => Verdict::Pending(status.summary()),
    };
    let why = gitops::app(step, staging, APP)
        .until("cannot be compared", ASKED, refused)
        .await?;
    step.evidence(format!("without a forge: {why}"));
    down.end().await?;
    let asked = Instant::now();
    gitops::refresh(staging, APP).await?;
    let live = gitops::app(step, staging, APP).at(&back).live(LIVE).await?;
    step.measured("refresh to live", (live - asked).as_secs_f64());
    // The other environment got no webhook either, and nothing of it has changed.
    gitops::app(step, testbed.last(), APP).compared_again(LIVE).await
}

async fn forge_paused(testbed: &Testbed) -> Result<Paused<'_>> {
    let paused = Paused::containers(&testbed.harness, vec![FORGE.to_owned()]);
    paused.await.context("pause the forge")
}
