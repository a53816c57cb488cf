//! All pods of both apps are replaced, forth and back, under a steady load: no request fails.

use std::time::Duration;

use anyhow::Result;

use crate::actors::{Operator, ReadLoad};
use crate::environment::{Environment, apps_with_servers};
use crate::gitops;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::{overlays, workloads};

const ROLLED_OUT: Duration = Duration::from_mins(1);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("rollout", "rolling updates lose no request", 240),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A release replaces every pod of both apps while twenty-five requests per second arrive, over kept and over new \
                connections.",
        effect: "New pods answer before old ones are told to stop, and old pods answer the requests that still reach them. No \
                 request fails.",
        within: "0 failed requests",
        way_out: "Nothing to do.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let operator = Operator::of(testbed);
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let apps = apps_with_servers();
    let overlays: Vec<_> = apps.iter().copied().map(overlays::of).collect();
    let there = operator
        .patch_each(&overlays, &[overlays::restart("rollout")])
        .await?;
    gitops::apps(step, testbed.first(), &apps)
        .at(&there)
        .arrived(ROLLED_OUT)
        .await?;
    let back = operator.revert(&there).await?;
    gitops::apps(step, testbed.first(), &apps)
        .at(&back)
        .arrived(ROLLED_OUT)
        .await?;
    // Old pods answer until they end.
    workloads::none_ending(step, testbed.first()).await?;
    reads.stop(step).await?.at_most(0)
}
