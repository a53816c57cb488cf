//! Tags are lost in EKS, and a label in the hub: nothing is.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::kept::{Kept, live};
use crate::gitops;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::wait::{Verdict, eventually};

const LABEL: &str = "gitops-loop/environment";
const NO_TAG: &str = "gitops-loop/colour";
const BACK: Duration = Duration::from_secs(10);
/// More than one, because a mistake could take its time.
const PASSES: u64 = 4;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("label-lost", "tags and a label are lost by mistake", 240),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (fleet, cluster) = (testbed.fleet()?, testbed.last());
    let before = Kept::of(cluster).await?;
    let secret = fleet.registered(step, cluster).await?;
    fleet.eks.untag(cluster).await?;
    fleet.passes(step, PASSES).await?;
    let after = fleet.registered(step, cluster).await?;
    ensure!(
        after.resource_version() == secret.resource_version(),
        "the Secret of {} was changed although its tags were only lost",
        cluster.name
    );
    ensure!(
        !gitops::list(cluster).await?.is_empty(),
        "its Applications are gone"
    );
    let said = fleet.log().await?;
    ensure!(
        said.contains("gitops-loop/target=false"),
        "nobody was told that tags were lost: {said}"
    );
    fleet.eks.tag(cluster, true).await?;
    before.is_there(cluster).await?;
    by_hand(testbed, step).await?;
    live(testbed, step, cluster).await?;
    before.is_there(cluster).await?;
    step.evidence(
        "tags lost in EKS change nothing; a label lost in the hub is written again, and no object goes"
            .to_owned(),
    );
    Ok(())
}

/// Somebody takes the label away, by which the cluster is selected, and writes one that is no tag.
async fn by_hand(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (fleet, cluster) = (testbed.fleet()?, testbed.last());
    let name = fleet.registered(step, cluster).await?.name_any();
    let changed = Patch::Merge(json!({ "metadata": { "labels": { LABEL: null, NO_TAG: "blue" } } }));
    let patched = fleet
        .secrets()
        .patch(&name, &PatchParams::default(), &changed)
        .await;
    patched.context("change the labels")?;
    eventually(step, "the labels", BACK, async || {
        let secret = fleet.registered(step, cluster).await?;
        Ok(match (secret.labels().get(LABEL), secret.labels().get(NO_TAG)) {
            (Some(_), None) => Verdict::Ready(()),
            (None, _) => Verdict::Pending("not back".to_owned()),
            (Some(_), Some(_)) => Verdict::Pending("one more than there are tags".to_owned()),
        })
    })
    .await
}
