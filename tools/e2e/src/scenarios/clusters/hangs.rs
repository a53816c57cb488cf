//! A cluster that gets its first share of the traffic answers no more: it is out before many have
//! noticed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::balancer::Balancer;
use super::kept::live;
use super::pair::Pair;
use crate::run::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::scenarios::paused::Paused;

/// The first step is held for longer than the cluster does well.
const STEPS: [&str; 4] = ["--steps", "5,100", "--hold", "60s"];
/// How long it does well, and how long it is looked at afterwards.
const WELL: Duration = Duration::from_secs(20);
const AFTER: Duration = Duration::from_secs(20);
/// One request of so many asks for the page itself.
const PAGES: usize = 10;
/// From the last good answer until it gets no more requests, in seconds.
const OUT: f64 = 30.0;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("cluster-hangs", "a cluster hangs as traffic moves to it", 420),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let pair = Pair::begin(testbed, step).await?;
    let balancer = Balancer::start(testbed, step, &pair).await?;
    let load = balancer.visited(PAGES)?;
    let hang = async {
        balancer.gives_green(step, 5).await?;
        tokio::time::sleep(WELL).await;
        let nodes = pair.green.environment.nodes();
        let hung = Instant::now();
        let paused = Paused::containers(&testbed.harness, nodes).await?;
        balancer.gives_green(step, 0).await?;
        let out = hung.elapsed().as_secs_f64();
        step.measured("hanging to out", out);
        ensure!(out <= OUT, "it was out after {out:.1} s, {OUT} are allowed");
        tokio::time::sleep(AFTER).await;
        paused.end().await
    };
    let (shifted, looked) = tokio::join!(balancer.shift("green", &STEPS), hang);
    looked?;
    let said = match shifted {
        Ok(said) => anyhow::bail!("a cluster that hangs was given the traffic: {said}"),
        Err(error) => format!("{error:#}"),
    };
    ensure!(
        said.contains("green does badly"),
        "shift says something else: {said}"
    );
    let tally = load.stop(step).await?;
    tally
        .at_most(tally.asked / 100)
        .context("one of a hundred answers may be bad")?;
    live(testbed, step, pair.green).await?;
    pair.end().await
}
