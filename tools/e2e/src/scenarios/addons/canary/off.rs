//! The canary is turned off: the Deployment has the page again, no visit is lost, and of the add-on
//! nothing is left.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Canary, LIVE, PAGES, replicas, without_line};
use crate::actors::{Operator, ReadLoad};
use crate::addons::load_balancer::Visits;
use crate::addons::{BALANCER, ROLLOUTS};
use crate::environment::{Environment, PAGE};
use crate::gitops;
use crate::kustomization::with_replicas;
use crate::progress::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::scenarios::addons::traces::Traces;
use crate::scenarios::addons::{balanced, switch};
use crate::scenarios::pods::Servers;
use crate::scenarios::{overlays, workloads};
use crate::step::Step;
use crate::testbed::Testbed;

/// Pods of the Rollout serve for twenty seconds after they were told to end.
const ENDED: Duration = Duration::from_secs(90);
const TRACES: Traces = Traces {
    words: &[
        ROLLOUTS,
        "argocd-rollouts",
        "argocd-watch-rollouts",
        "frontend-ping",
        "frontend-pong",
        "frontend-canary",
        "frontend-analysis",
    ],
    settings: &["AnalysisTemplate"],
    kinds: &["Rollout", "AnalysisTemplate", "AnalysisRun", "Experiment"],
};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("canary-off", "the canary is turned off and leaves nothing", 900),
    suite: Suite::Canary,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let Some(canary) = Canary::ready(testbed, step).await? else {
        return Ok(());
    };
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let (page, overlay) = (gitops::app(step, cluster, PAGE), overlays::of(PAGE));
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let visits = Visits::start(&canary.balancer.visitors, PAGES);
    let (since, count) = (Instant::now(), replicas(testbed)?);
    let back = operator
        .edit(&overlay, |text| with_replicas(&text, PAGE, count))
        .await?;
    page.at(&back).live(LIVE).await?;
    let line = |name: &str| format!("  - \"../../../addons/{name}\"\n");
    let gone = operator
        .edit(&overlay, |text| {
            without_line(&overlay, &text, &line(&format!("{ROLLOUTS}/canary")))
        })
        .await?;
    page.at(&gone).live(LIVE).await?;
    let servers = Servers::of(testbed, cluster, PAGE);
    servers.ready(step, count, ENDED).await?;
    workloads::none_ending(step, cluster).await?;
    let served = workloads::replicas(cluster, PAGE).await?;
    ensure!(served == count, "the Deployment has {served} pods");
    step.measured("off to the Deployment alone", since.elapsed().as_secs_f64());
    visits.none_failed(step).await?;
    switch::off(testbed, step, ROLLOUTS, &TRACES).await?;
    let balanced = format!("{BALANCER}/{}", Environment::first());
    let plain = operator
        .edit(&overlay, |text| {
            // With its heading: it was the last of them.
            let lines = format!("components:\n{}", line(&balanced));
            without_line(&overlay, &text, &lines)
        })
        .await?;
    page.at(&plain).live(LIVE).await?;
    balanced::off(testbed, step).await?;
    reads.stop(step).await?.at_most(0)
}
