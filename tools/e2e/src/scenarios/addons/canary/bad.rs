//! A version that comes up healthy and fails its visitors: it gets a tenth of them for some
//! seconds, and the version before has them again.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Canary, PAGES};
use crate::actors::Operator;
use crate::environment::PAGE;
use crate::gitops;
use crate::platform::addons::load_balancer::Visits;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::overlays;
use crate::wait::{Verdict, consistently};

const ABORTED: Duration = Duration::from_mins(1);
const NOTICED: Duration = Duration::from_secs(15);
const STAYS: Duration = Duration::from_secs(10);
/// So many visits in a hundred may fail, from the merge until the canary has no more.
const MOST: usize = 3;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("canary-bad", "a release that fails its first visitors", 900),
    suite: Suite::Canary,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let Some(canary) = Canary::ready(testbed, step).await? else {
        return Ok(());
    };
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let (before, pods) = (canary.rollouts.state().await?, canary.pods().await?);
    let visits = Visits::start(&canary.balancer.visitors, PAGES);
    let merged = Instant::now();
    // It is ready: a page that says what is wrong is better than none.
    let nowhere = json!({ "name": "BACKEND_URL", "value": "http://no-backend" });
    let server = json!({ "name": PAGE, "env": [nowhere] });
    let bad = operator
        .patch(&overlays::of(PAGE), &[overlays::container("Deployment", &server)])
        .await?;
    let aborted = canary
        .rollouts
        .until(step, "the Rollout is aborted", ABORTED, |state| {
            state.phase == "Degraded" && state.current != before.current
        })
        .await?;
    step.measured("merge to aborted", merged.elapsed().as_secs_f64());
    ensure!(
        aborted.message.contains("failed-answers") && aborted.stable == before.stable,
        "{aborted:?}"
    );
    gitops::app(step, cluster, PAGE)
        .at(&bad)
        .degraded(NOTICED)
        .await?;
    step.evidence(aborted.message);
    canary.at_one_version(step, NOTICED).await?;
    step.measured("merge to none at the bad version", merged.elapsed().as_secs_f64());
    // What was under way may still fail.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let then = visits.so_far();
    consistently(step, "the page for all visitors", STAYS, async || {
        let now = visits.so_far();
        Ok(match now.failed.get(then.failed.len()) {
            None => Verdict::Ready(()),
            Some(failed) => Verdict::Failed(failed.clone()),
        })
    })
    .await?;
    canary.untouched(&pods).await?;
    let seen = visits.stop(step).await?;
    let failed = seen.failed.len();
    ensure!(failed > 0, "nobody saw the bad version, so nothing was proven");
    let of_hundred = (then.failed.len() * 100).div_ceil(then.asked.max(1));
    ensure!(
        of_hundred <= MOST,
        "{failed} of {} visits failed; {MOST} % may",
        then.asked
    );
    step.measured(
        "percent of visits that failed",
        failed_share(&then.failed, then.asked),
    );
    canary.taken_back(step, &bad, &before.stable).await?;
    canary.untouched(&pods).await
}

#[expect(clippy::cast_precision_loss, reason = "there are few of them")]
fn failed_share(failed: &[String], asked: usize) -> f64 {
    100.0 * failed.len() as f64 / asked.max(1) as f64
}
