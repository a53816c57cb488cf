//! A cluster is deleted in EKS: the hub forgets it, and touches nothing there.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::kept::{Kept, made_again, without_applications};
use crate::environment::Environment;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("cluster-leaves", "a cluster is deleted, another one comes", 240),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (fleet, cluster) = (testbed.fleet()?, testbed.last());
    let before = Kept::of(cluster).await?;
    let deleted = Instant::now();
    fleet.eks.delete(cluster).await?;
    fleet.forgotten(step, cluster).await?;
    step.measured("deleted to forgotten", deleted.elapsed().as_secs_f64());
    without_applications(step, cluster).await?;
    // The others were not touched.
    for &environment in Environment::all() {
        let other = testbed.cluster(environment);
        let is_known = fleet.secret(other).await?.is_some();
        ensure!(
            is_known || other.name == cluster.name,
            "{} was forgotten too",
            other.name
        );
    }
    before.is_there(cluster).await?;
    made_again(testbed, step, cluster, &before).await?;
    step.evidence("what ran on the deleted cluster went on running, pod by pod".to_owned());
    Ok(())
}
