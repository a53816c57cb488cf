//! The forge stops answering: during a sync, and after a merge that no webhook announced.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use xshell::Shell;

use crate::actors::{Operator, ReadLoad, Visitor};
use crate::env::{Env, Ground};
use crate::environment::{API, Environment};
use crate::gitops;
use crate::plan::Step;
use crate::process::Tool;
use crate::progress::StepHandle;
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::undo::Undo;
use crate::scenarios::{deliveries, overlays};
use crate::wait::{Verdict, consistently};
use crate::world::FORGE;

const APP: &str = API;
const BEGUN: Duration = Duration::from_secs(20);
const DOWN: Duration = Duration::from_secs(5);
const LIVE: Duration = Duration::from_secs(40);
const CALL: Duration = Duration::from_secs(10);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("forge-down", "the forge stops answering", 180),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "The forge stops answering: once during a sync, and once after a merge whose webhook was lost.",
        effect: "The application keeps serving. A sync that has begun finishes without the forge. A merged release goes live \
                 when the forge is back: within a minute by itself, or at once after a manual refresh.",
        within: "40 s after the refresh, 0 failed requests",
        way_out: "Bring the forge back. Argo CD then syncs what `master` contains.",
    }),
    run: |env, step| Box::pin(run(env, step)),
};

async fn run(env: &Env, step: &StepHandle) -> Result<()> {
    if env.world.signing.is_some() {
        step.skip(
            "the admission controller asks the registry for signatures, and here the forge is the registry",
        );
        return Ok(());
    }
    let reads = ReadLoad::start(env, Environment::first())?;
    let there = in_mid_sync(env, step).await?;
    // Even if it fails: the other scenarios rely on the webhooks.
    let outcome = after_a_merge(env, step, &there).await;
    let restored = deliveries::set_active(env, true).await;
    outcome.and(restored)?;
    reads.stop(step).await?.at_most(0)
}

/// Argo CD has rendered what it applies, so it needs the forge no more.
async fn in_mid_sync(env: &Env, step: &StepHandle) -> Result<String> {
    let staging = env.first();
    let there = Operator::of(env)
        .patch(&overlays::of(API), &[overlays::restart("forge-down")])
        .await?;
    gitops::syncing(step, staging, APP, &there, BEGUN).await?;
    let down = Paused::forge(&env.ground).await?;
    let began = Instant::now();
    gitops::arrived(step, staging, &[APP], &there, LIVE).await?;
    step.measured("forge down to live", began.elapsed().as_secs_f64());
    down.end().await?;
    Ok(there)
}

/// The merge takes back what `there` released.
async fn after_a_merge(env: &Env, step: &StepHandle, there: &str) -> Result<()> {
    let (staging, operator) = (env.first(), Operator::of(env));
    deliveries::set_active(env, false).await?;
    let back = operator.revert(there).await?;
    let down = Paused::forge(&env.ground).await?;
    let visitor = Visitor::of(staging, &env.ground.http);
    consistently(step, "the page, without a forge", DOWN, async || {
        visitor.page().await.map(Verdict::Ready)
    })
    .await?;
    down.end().await?;
    let asked = Instant::now();
    gitops::refresh(staging, APP).await?;
    let live = gitops::live_since(step, staging, &[APP], &back, LIVE).await?;
    step.measured("refresh to live", (live - asked).as_secs_f64());
    // The other environment got no webhook either, and nothing of it has changed.
    gitops::refresh(env.last(), APP).await
}

/// A forge that takes connections and answers none, until this is ended or dropped.
struct Paused<'a> {
    ground: &'a Ground,
    undo: Undo,
}

impl<'a> Paused<'a> {
    async fn forge(ground: &'a Ground) -> Result<Self> {
        let shell = Shell::new().context("open a shell")?;
        let undo = Undo::by([ground.engine.command(&shell, ["unpause", FORGE])]);
        engine(ground, "pause").await.context("pause the forge")?;
        Ok(Self { ground, undo })
    }

    async fn end(self) -> Result<()> {
        engine(self.ground, "unpause")
            .await
            .context("let the forge go on")?;
        self.undo.done();
        Ok(())
    }
}

async fn engine(ground: &Ground, verb: &str) -> Result<()> {
    Tool::of_engine(&ground.engine, [verb, FORGE], &ground.run.log("forge"), CALL)?
        .run()
        .await
}
