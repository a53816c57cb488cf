//! Shared by the scenarios in which Argo CD rejects a commit: it names the fault soon, and what
//! runs continues.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::actors::{Operator, ReadLoad, Visitor};
use crate::environment::{Environment, PAGE};
use crate::gitops;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::workloads::pod_uids;

/// The app whose manifests are changed.
const APP: &str = PAGE;
const REFUSED: Duration = Duration::from_secs(30);
const HEALED: Duration = Duration::from_secs(30);

/// Let `merge` put a commit on the forge. Argo CD's words must name `what`.
pub(crate) async fn run(
    testbed: &Testbed,
    step: &StepHandle,
    merge: impl AsyncFnOnce(&Operator) -> Result<String>,
    what: &str,
) -> Result<()> {
    let (staging, operator) = (testbed.first(), Operator::of(testbed));
    let visitor = Visitor::of(staging, &testbed.harness.http);
    let served = visitor.commit_shown().await?;
    let (here, elsewhere) = (pod_uids(staging).await?, pod_uids(testbed.last()).await?);
    let reads = ReadLoad::start(testbed, Environment::first())?;

    let merged = Instant::now();
    let bad = merge(&operator).await?;
    let why = gitops::app(step, staging, APP).at(&bad).failed(REFUSED).await?;
    step.measured("merge to refused", merged.elapsed().as_secs_f64());
    ensure!(why.contains(what), "Argo CD does not name {what}: {why}");
    step.evidence(why);
    let still = visitor.commit_shown().await?;
    ensure!(still == served, "{still} is served, {served} was before");
    ensure!(pod_uids(staging).await? == here, "pods of staging were replaced");

    let asked = Instant::now();
    let good = operator.revert(&bad).await?;
    // Where no sync had begun, none is left to do.
    gitops::app(step, staging, APP).at(&good).settled(HEALED).await?;
    step.measured("next good commit to rest", asked.elapsed().as_secs_f64());
    ensure!(
        pod_uids(testbed.last()).await? == elsewhere,
        "pods of production were replaced"
    );
    reads.stop(step).await?.at_most(0)
}
