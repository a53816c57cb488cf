//! A version that nobody visits is not taken for a good one: a person decides, and the next commit
//! does too.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Canary;
use crate::environment::PAGE;
use crate::gitops;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::wait::{Verdict, consistently};

/// A step, and the start of a pod.
const PAUSED: Duration = Duration::from_secs(90);
const NOTICED: Duration = Duration::from_secs(15);
const STAYS: Duration = Duration::from_secs(5);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("canary-few", "a release that too few people visit", 900),
    suite: Suite::Canary,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let Some(canary) = Canary::ready(testbed, step).await? else {
        return Ok(());
    };
    let cluster = testbed.first();
    let (before, pods) = (canary.rollouts.state().await?, canary.pods().await?);
    let merged = Instant::now();
    let release = canary.restart("few").await?;
    let is_paused = |state: &super::rollout::State| {
        state.phase == "Paused" && state.message.contains("InconclusiveAnalysis")
    };
    let paused = canary
        .rollouts
        .until(step, "the Rollout waits for a person", PAUSED, is_paused)
        .await?;
    step.measured("merge to paused", merged.elapsed().as_secs_f64());
    gitops::app(step, cluster, PAGE)
        .until("is Suspended", NOTICED, |status| {
            status.ready_if(status.health() == "Suspended")
        })
        .await?;
    consistently(step, "it goes on waiting", STAYS, async || {
        let state = canary.rollouts.state().await?;
        Ok(if state == paused {
            Verdict::Ready(())
        } else {
            Verdict::Failed(format!("{state:?}"))
        })
    })
    .await?;
    let analyses = canary.rollouts.analyses(&paused.current).await?;
    ensure!(analyses == ["Inconclusive"], "{analyses:?}");
    step.evidence(paused.message);
    canary.taken_back(step, &release, &before.stable).await?;
    canary.untouched(&pods).await
}
