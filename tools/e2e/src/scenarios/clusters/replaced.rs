//! A cluster takes the place of another one under load, and in the midst of it a release goes to
//! both: each message is migrated once, and nobody who visits notices.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::balancer::Balancer;
use super::pair::Pair;
use crate::actors::Operator;
use crate::cluster::Cluster;
use crate::gitops;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::backend_release::APP;
use crate::scenarios::older_table::OlderTable;
use crate::scenarios::workloads;

const MESSAGES: usize = 400;
/// So that the second cluster's migration finds the first one's at work, and the release is live
/// after the second step.
const SLOWLY: &str = "16";
/// Long enough for the release to be live before the last step.
const THERE: [&str; 4] = ["--steps", "10,50,100", "--hold", "25s"];
const BACK: [&str; 4] = ["--steps", "50,100", "--hold", "5s"];
/// One request of so many asks for the page itself.
const PAGES: usize = 10;
const ARRIVED: Duration = Duration::from_mins(2);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "cluster-replaced",
        "a cluster takes another's place, with a release in the midst",
        600,
    ),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (pair, operator) = (Pair::begin(testbed, step).await?, Operator::of(testbed));
    let table = OlderTable::restore(testbed, "messages-cluster-replaced", MESSAGES).await?;
    let balancer = Balancer::start(testbed, step, &pair).await?;
    let before = operator.head().await?;
    let load = balancer.visited(PAGES)?;

    let release = async {
        balancer.gives_green(step, 10).await?;
        let merged = Instant::now();
        let commit = table.released_by(&operator, SLOWLY).await?;
        let [blue, green] = pair.each().map(|cluster| arrived(step, cluster, &commit));
        let (blue, green) = tokio::try_join!(blue, green)?;
        step.measured("merge to live on blue", (blue - merged).as_secs_f64());
        step.measured("merge to live on both", (blue.max(green) - merged).as_secs_f64());
        balancer.share_of_green()
    };
    let (said, share) = tokio::try_join!(balancer.shift("green", &THERE), release)?;
    ensure!(
        share < 100,
        "the release was live only after the last step: nothing was shown"
    );
    let reached = balancer.share_of_green()?;
    ensure!(reached == 100, "green has {reached} % in the end: {said}");
    table.migrated_once().await?;
    step.evidence(format!(
        "the release was live on both while green had {share} %; all {MESSAGES} messages were changed once"
    ));
    step.evidence(format!("shift says: {said}"));
    balancer.shift("blue", &BACK).await?;
    load.stop(step).await?.at_most(0)?;

    operator.restore(&before).await?;
    let restored = operator.head().await?;
    for cluster in pair.each() {
        arrived(step, cluster, &restored).await?;
        workloads::none_ending(step, cluster).await?;
    }
    table.drop(step, pair.blue).await?;
    pair.end().await
}

/// Waits until a commit of the backend is live on a cluster; gives since when.
async fn arrived(step: &StepHandle, cluster: &Cluster, commit: &str) -> Result<Instant> {
    gitops::app(step, cluster, APP)
        .at(commit)
        .arrived(ARRIVED)
        .await?;
    Ok(Instant::now())
}
