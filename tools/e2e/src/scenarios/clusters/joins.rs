//! A cluster is taken out by a tag and joins again by one, and its page is served throughout.

use std::time::Instant;

use anyhow::Result;

use super::kept::{Kept, live, nothing_was_synced, without_applications};
use crate::actors::ReadLoad;
use crate::environment::Environment;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("join-by-tag", "a cluster leaves and joins by a tag", 240),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (fleet, cluster) = (testbed.fleet()?, testbed.last());
    let reads = ReadLoad::start(testbed, Environment::last())?;
    let before = Kept::of(cluster).await?;
    fleet.eks.tag(cluster, false).await?;
    fleet.forgotten(step, cluster).await?;
    without_applications(step, cluster).await?;
    before.is_there(cluster).await?;
    let tagged = Instant::now();
    fleet.eks.tag(cluster, true).await?;
    fleet.registered(step, cluster).await?;
    let registered = Instant::now();
    let alive = live(testbed, step, cluster).await?;
    step.measured("tag to Secret", (registered - tagged).as_secs_f64());
    step.measured("Secret to live", (alive - registered).as_secs_f64());
    nothing_was_synced(cluster).await?;
    before.is_there(cluster).await?;
    step.evidence(format!(
        "{} was forgotten and found again: the same pods, no sync, no migration",
        cluster.name
    ));
    reads.stop(step).await?.at_most(0)
}
