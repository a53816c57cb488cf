//! A good version gets a tenth of the visitors, then half, then all, and nobody notices.

use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};

use super::{Canary, PAGES};
use crate::environment::PAGE;
use crate::gitops;
use crate::platform::addons::load_balancer::{Turn, Visitors, Visits};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::workloads;

/// Two steps of half a minute each, and the starts of pods.
const RELEASED: Duration = Duration::from_mins(3);
const LIVE: Duration = Duration::from_mins(1);
/// What the canary is to get of the requests, in the order of time.
const STEPS: [u32; 3] = [10, 50, 100];
/// Between two browsers that open the page with all its files.
const BROWSED: Duration = Duration::from_secs(1);
/// Fewer of them in two steps of half a minute would prove little.
const FEWEST: usize = 20;
/// By how many in a hundred the share may differ from that: a step has few requests.
const APART: u64 = 5;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("canary", "a good release is given to visitors step by step", 900),
    suite: Suite::Canary,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let Some(canary) = Canary::ready(testbed, step).await? else {
        return Ok(());
    };
    let cluster = testbed.first();
    let before = canary.rollouts.state().await?.stable;
    let seen = canary.balancer.turns().await.len();
    let visits = Visits::start(&canary.balancer.visitors, PAGES);
    let merged = Instant::now();
    // Another one than in a run before.
    let now = SystemTime::UNIX_EPOCH.elapsed().context("the clock is wrong")?;
    let good = canary.restart(&format!("canary-{}", now.as_secs())).await?;
    let mut browsers = 0;
    let state = tokio::select! {
        state = canary.rollouts.healthy(step, Some(&before), RELEASED) => state?,
        failed = browse(&canary.balancer.visitors, &mut browsers) => match failed? {},
    };
    step.measured("merge to all visitors", merged.elapsed().as_secs_f64());
    ensure!(browsers >= FEWEST, "only {browsers} browsers opened the page");
    step.evidence(format!(
        "{browsers} browsers had the page, and all its files from the pod that had answered first"
    ));
    gitops::app(step, cluster, PAGE).at(&good).live(LIVE).await?;
    canary.of_rollout_alone(step).await?;
    workloads::none_ending(step, cluster).await?;
    visits.none_failed(step).await?;

    let analyses = canary.rollouts.analyses(&state.current).await?;
    ensure!(analyses == ["Successful", "Successful"], "{analyses:?}");
    let turns = canary.balancer.turns().await;
    // The one that was under way when the release began has all visitors at the version before.
    shared(step, turns.get(seen..).unwrap_or_default())
}

/// Has one browser after the other open the page, and counts them; gives the first that fails.
async fn browse(visitors: &Visitors, count: &mut usize) -> Result<Infallible> {
    loop {
        visitors
            .browse()
            .await
            .context("open the page as a browser does")?;
        *count += 1;
        // Not in step with the visits, where two versions take turns.
        let late = if (*count).is_multiple_of(2) {
            Visits::EVERY
        } else {
            Duration::ZERO
        };
        tokio::time::sleep(BROWSED + late).await;
    }
}

/// The balancer was told each step, and did it.
fn shared(step: &StepHandle, turns: &[Turn]) -> Result<()> {
    let service = turns.iter().find_map(|turn| {
        let mut weights = turn.weights.iter();
        weights.find_map(|(service, weight)| (*weight == STEPS[0]).then_some(service))
    });
    let service = service.with_context(|| format!("no Service ever got {} %: {turns:?}", STEPS[0]))?;
    let weight = |turn: &Turn| turn.weights.get(service).copied().unwrap_or_default();
    let weights: Vec<_> = turns.iter().map(weight).collect();
    ensure!(weights == STEPS, "{service} was given {weights:?} %");
    let mut said = Vec::new();
    for turn in turns {
        let (own, all) = (
            turn.sent.get(service).copied().unwrap_or_default(),
            turn.sent.values().sum::<u64>(),
        );
        let (meant, was) = (
            u64::from(weight(turn)),
            (own * 100).checked_div(all).unwrap_or_default(),
        );
        ensure!(
            was.abs_diff(meant) <= APART,
            "{service} was to get {meant} % of {all} requests, and got {own}; down were meanwhile: {:?}",
            turn.down
        );
        said.push(format!("{own} of {all} at {meant} %"));
    }
    step.evidence(format!("{service} got {}", said.join(", ")));
    Ok(())
}
