//! An add-on is turned off, first in Git and then by the administrator: nothing of it is left. Then
//! it is turned on again.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::scaled::{self, MEASURED};
use super::switch;
use super::traces::Traces;
use crate::actors::{Operator, ReadLoad};
use crate::gitops;
use crate::platform::addons::{self, METRICS};
use crate::platform::argocd;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::workloads::replicas;

const LIVE: Duration = Duration::from_mins(3);
const TRACES: Traces = Traces {
    words: &[METRICS, "metrics.k8s.io", "autoscaler"],
    settings: &[
        "kinds: [HorizontalPodAutoscaler]",
        "\"kind\":\"HorizontalPodAutoscaler\"",
    ],
    kinds: &["HorizontalPodAutoscaler"],
};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("addon-off", "an add-on is turned off and leaves nothing", 600),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (cluster, operator) = (scaled::cluster(testbed)?, Operator::of(testbed));
    let traces = TRACES.count(cluster).await?;
    let reads = ReadLoad::start(testbed, addons::environment())?;
    let asked = Instant::now();
    let apps: Vec<&str> = addons::scaled().collect();
    let edit = |path: &str, text: String| addons::off(path, &text);
    let unscaled = operator.edit_each(&addons::overlays(), edit).await?;
    gitops::apps(step, cluster, &apps)
        .at(&unscaled)
        .arrived(LIVE)
        .await?;
    let off = operator.edit_each(&[addons::applications()], edit).await?;
    switch::leaves_nothing(testbed, step, cluster, METRICS, &TRACES).await?;
    step.measured("off to nothing left", asked.elapsed().as_secs_f64());
    for app in &apps {
        let servers = replicas(cluster, app).await?;
        ensure!(servers == addons::REPLICAS, "{app} has {servers} servers");
    }
    step.evidence(format!("{traces} objects were there, and none is left"));
    reads.stop(step).await?.at_most(0)?;
    on_again(testbed, step, [&off, &unscaled]).await
}

/// In the order in which a person does it.
async fn on_again(testbed: &Testbed, step: &StepHandle, [off, unscaled]: [&str; 2]) -> Result<()> {
    let (cluster, operator) = (scaled::cluster(testbed)?, Operator::of(testbed));
    addons::administered(&testbed.harness, cluster, METRICS).await?;
    argocd::reconfigure(&testbed.harness, cluster, &testbed.world, &[METRICS]).await?;
    let asked = Instant::now();
    let on = operator.revert(off).await?;
    gitops::app(step, cluster, METRICS).at(&on).arrived(LIVE).await?;
    let scaled = operator.revert(unscaled).await?;
    let apps: Vec<&str> = addons::scaled().collect();
    gitops::apps(step, cluster, &apps)
        .at(&scaled)
        .arrived(LIVE)
        .await?;
    scaled::at_rest(step, cluster, MEASURED).await?;
    step.measured("on to measured", asked.elapsed().as_secs_f64());
    Ok(())
}
