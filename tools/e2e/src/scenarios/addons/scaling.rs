//! Servers become more under load and fewer again, and Argo CD leaves them alone.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::scaled::{self, MEASURED};
use crate::actors::{BusyLoad, Operator, ReadLoad};
use crate::environment::API;
use crate::gitops;
use crate::platform::addons;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::overlays;
use crate::scenarios::workloads::replicas;
use crate::wait::{Verdict, eventually};

const UP: Duration = Duration::from_mins(1);
/// The window of the autoscaler, what it measured last, and the steps in which it goes down.
const DOWN: Duration = Duration::from_mins(3);
const LIVE: Duration = Duration::from_mins(1);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("scaling", "servers become more under load and fewer again", 480),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (cluster, operator) = (scaled::cluster(testbed)?, Operator::of(testbed));
    scaled::at_rest(step, cluster, DOWN).await?;
    let head = operator.head().await?;
    let load = BusyLoad::start(testbed, addons::environment())?;
    let began = Instant::now();
    let up = scaled::scaled_up(step, cluster, &head, UP + MEASURED).await;
    let took = began.elapsed();
    step.evidence(load.stop());
    up?;
    step.measured("load to more servers", took.as_secs_f64());
    ensure!(
        took <= UP,
        "it took {} s until there were more servers; the budget is {} s",
        took.as_secs(),
        UP.as_secs()
    );

    // A release while there are more than Git has ever said.
    let (reads, calm) = (ReadLoad::start(testbed, addons::environment())?, Instant::now());
    let many = replicas(cluster, API).await?;
    let overlay = overlays::in_environment(API, addons::environment());
    let released = operator.patch(&overlay, &[overlays::restart("scaled")]).await?;
    let live = gitops::app(step, cluster, API).at(&released).arrived(LIVE).await;
    live?;
    let after = replicas(cluster, API).await?;
    ensure!(
        after > addons::REPLICAS,
        "{many} servers of {API} became {after} by a release"
    );
    let down = eventually(step, "as few servers as before", DOWN, async || {
        if let Some(app) = scaled::undone(cluster, &released).await? {
            return Ok(Verdict::Failed(format!("{app} is OutOfSync while it is scaled")));
        }
        for app in addons::scaled() {
            let servers = replicas(cluster, app).await?;
            if servers > addons::REPLICAS {
                return Ok(Verdict::Pending(format!("{servers} of {app}")));
            }
        }
        Ok(Verdict::Ready(()))
    });
    down.await?;
    step.measured("calm to fewer servers", calm.elapsed().as_secs_f64());
    reads.stop(step).await?.at_most(0)?;
    step.evidence(format!(
        "{many} servers of {API} under load, {after} after a release meanwhile, {} when it was over; Synced all the while",
        addons::REPLICAS
    ));
    let back = operator.revert(&released).await?;
    gitops::app(step, cluster, API).at(&back).arrived(LIVE).await
}
