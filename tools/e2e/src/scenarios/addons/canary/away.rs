//! A release while Argo Rollouts hangs: nobody notices, Argo CD calls the page Healthy, and the
//! release begins once it is back.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Canary, PAGES};
use crate::environment::PAGE;
use crate::gitops;
use crate::platform::addons::ROLLOUTS;
use crate::platform::addons::load_balancer::Visits;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::addons::hung::Hung;
use crate::scenarios::addons::memory;
use crate::wait::{Verdict, consistently};

/// Not longer, because a minute after Argo Rollouts hangs its node starts it anew, and what follows
/// needs it as it hangs.
const ARRIVED: Duration = Duration::from_secs(30);
/// Long enough for those who visit meanwhile to be as many as they have to be.
const STAYS: Duration = Duration::from_secs(15);
const BEGUN: Duration = Duration::from_secs(30);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("canary-away", "a release while Argo Rollouts hangs", 900),
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
    memory::bounded(step, cluster).await?;
    let (before, pods) = (canary.rollouts.state().await?, canary.pods().await?);
    let visits = Visits::start(&canary.balancer.visitors, PAGES);
    let hung = Hung::addon(testbed, ROLLOUTS).await?;
    let release = canary.restart("away").await?;
    gitops::app(step, cluster, PAGE)
        .at(&release)
        .arrived(ARRIVED)
        .await?;
    hung.noticed(step).await?;
    consistently(step, "the version before", STAYS, async || {
        let state = canary.rollouts.state().await?;
        Ok(if state == before {
            Verdict::Ready(())
        } else {
            Verdict::Failed(format!("{state:?}"))
        })
    })
    .await?;
    canary.untouched(&pods).await?;
    hung.end(step).await?;
    let back = Instant::now();
    canary
        .rollouts
        .until(step, "the release begins", BEGUN, |state| {
            state.current != before.current && state.stable == before.stable
        })
        .await?;
    step.measured("back to a release that begins", back.elapsed().as_secs_f64());
    step.evidence("the page was Healthy at the release, and all visitors had the version before".to_owned());
    canary.taken_back(step, &release, &before.stable).await?;
    canary.untouched(&pods).await?;
    visits.none_failed(step).await
}
