//! EKS does not list its clusters, or lists none: the hub keeps all it knows, even of a cluster
//! that is gone.

use anyhow::{Result, ensure};

use super::kept::{Kept, made_again, without_applications};
use crate::environment::Environment;
use crate::platform::fleet::List;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};

const PASSES: u64 = 3;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("list-fails", "the list of clusters fails or is empty", 300),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (fleet, cluster) = (testbed.fleet()?, testbed.last());
    let before = Kept::of(cluster).await?;
    for how in [List::Fails, List::IsEmpty] {
        fleet.eks.list(how)?;
        all_stay(testbed, step).await?;
    }
    fleet.eks.list(List::Fails)?;
    fleet.eks.delete(cluster).await?;
    all_stay(testbed, step).await?;
    fleet.eks.list(List::Right)?;
    // Now it is seen to be gone.
    fleet.forgotten(step, cluster).await?;
    without_applications(step, cluster).await?;
    made_again(testbed, step, cluster, &before).await?;
    step.evidence(format!(
        "{PASSES} passes without a list, and as many with an empty one, removed nothing"
    ));
    Ok(())
}

async fn all_stay(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let fleet = testbed.fleet()?;
    fleet.passes(step, PASSES).await?;
    for &environment in Environment::all() {
        let cluster = testbed.cluster(environment);
        ensure!(
            fleet.secret(cluster).await?.is_some(),
            "{} was forgotten",
            cluster.name
        );
    }
    Ok(())
}
