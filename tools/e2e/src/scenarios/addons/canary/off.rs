//! The canary is turned off: the Deployment has the page again, no visit is lost, and of the add-on
//! nothing is left.

use std::fs;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{CANARY, Canary, ENDED, LIVE, PAGES};
use crate::actors::{Operator, ReadLoad};
use crate::environment::{Environment, PAGE};
use crate::git::checkout::replaced_once;
use crate::git::kustomization_edits::with_replicas;
use crate::gitops;
use crate::platform::addons::load_balancer::Visits;
use crate::platform::addons::{BALANCER, ROLLOUTS, component};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::addons::traces::Traces;
use crate::scenarios::addons::{balanced, switch};
use crate::scenarios::pods::Servers;
use crate::scenarios::{overlays, workloads};

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
    let line = |name: &str| format!("  - \"{}\"\n", component(name));
    let gone = operator
        .edit(&overlay, |text| replaced_once(&overlay, &text, &line(CANARY), ""))
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
    let ingress = format!("{BALANCER}/{}", Environment::first());
    let plain = operator
        .edit(&overlay, |text| {
            // With its heading: it was the last of them.
            let lines = format!("components:\n{}", line(&ingress));
            replaced_once(&overlay, &text, &lines, "")
        })
        .await?;
    page.at(&plain).live(LIVE).await?;
    balanced::off(testbed, step).await?;
    reads.stop(step).await?.at_most(0)
}

/// How many pods the Deployment has where there is no canary: as in the checkout.
fn replicas(testbed: &Testbed) -> Result<u16> {
    let path = testbed.harness.run.repo.join("infra").join(overlays::of(PAGE));
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let overlay: Value = serde_saphyr::from_str(&text).context("read it as YAML")?;
    let said = overlay["replicas"][0]["count"].as_u64();
    let said = said.and_then(|count| u16::try_from(count).ok());
    said.with_context(|| format!("{} does not say it", path.display()))
}
