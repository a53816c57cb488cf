//! The add-on that measures pods is broken by a commit: autoscalers leave everything as it is.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::scaled::{self, MEASURED};
use super::unhealthy;
use crate::actors::{Operator, ReadLoad};
use crate::gitops::{self, Status};
use crate::platform::addons::{self, METRICS};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::overlays;
use crate::scenarios::workloads::replicas;
use crate::wait::{Verdict, eventually};

const SAID: Duration = Duration::from_secs(30);
const HEALED: Duration = Duration::from_mins(2);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("metrics-away", "the add-on that measures pods is broken", 420),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (cluster, operator) = (scaled::cluster(testbed)?, Operator::of(testbed));
    scaled::at_rest(step, cluster, MEASURED).await?;
    let reads = ReadLoad::start(testbed, addons::environment())?;
    let overlay = format!("addons/{METRICS}/{}/kustomization.yaml", addons::environment());
    // The old pod is gone before the new one fails to start.
    let changes = [
        ("/spec/strategy", json!({ "type": "Recreate" })),
        (
            "/spec/template/spec/containers/0/args/-",
            json!("--no-such-argument"),
        ),
    ];
    let patches = changes.map(|(path, value)| overlays::set("Deployment", path, &value));
    let merged = Instant::now();
    let broken = operator.patch(&overlay, &patches).await?;
    let said = unhealthy(step, cluster, METRICS, SAID).await?;
    step.measured("merge to not Healthy", merged.elapsed().as_secs_f64());
    let blind = eventually(step, "autoscalers that cannot measure", MEASURED, async || {
        let mut words = Vec::new();
        for app in addons::scaled() {
            match scaled::active(cluster, app).await? {
                Ok(()) => return Ok(Verdict::Pending(format!("that of {app} can"))),
                Err(why) => words.push(why),
            }
        }
        Ok(Verdict::Ready(words.swap_remove(0)))
    })
    .await?;
    for app in addons::scaled() {
        let servers = replicas(cluster, app).await?;
        ensure!(servers == addons::REPLICAS, "{app} has {servers} servers");
    }
    let healthy = |status: &Status| match status.health() {
        "Healthy" => Verdict::Ready(()),
        health => Verdict::Failed(format!("it is {health}")),
    };
    for app in addons::scaled() {
        gitops::app(step, cluster, app)
            .until("is Healthy", SAID, healthy)
            .await?;
    }
    step.evidence(format!("{METRICS} is {said}; the autoscalers say {blind}"));
    reads.stop(step).await?.at_most(0)?;

    let good = operator.revert(&broken).await?;
    gitops::app(step, cluster, METRICS)
        .at(&good)
        .arrived(HEALED)
        .await?;
    scaled::at_rest(step, cluster, MEASURED).await
}
