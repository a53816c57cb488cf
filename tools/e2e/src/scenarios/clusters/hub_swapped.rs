//! Another hub takes the place of the hub in the middle of a release, while its migration is at
//! work in the target: it stands by until the first one is gone, and then it ends what that had
//! begun.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use kube::ResourceExt as _;

use super::hub_lost::{equip, registered, same};
use super::kept::{Kept, nothing_was_looked_at};
use super::released::caught_up;
use crate::actors::{Operator, ReadLoad};
use crate::cluster::{self, Cluster, Ports, argocd_url_for_forge};
use crate::environment::Environment;
use crate::git::repositories::manifests_on_forge;
use crate::gitops;
use crate::host::network::Network;
use crate::platform::fleet::{self, Fleet, Standby};
use crate::run::{Rebuilt, Step, StepHandle, Testbed, teardown};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::backend_release::APP;
use crate::scenarios::migration_job;
use crate::scenarios::older_table::OlderTable;

const MESSAGES: usize = 500;
/// So that the migration goes on for half a minute, longer than it takes to remove a hub.
const SLOWLY: &str = "15";
/// With a migration that is run again.
const ARRIVED: Duration = Duration::from_mins(3);
/// What tells Argo CD to leave a cluster alone.
const SKIP: &str = "argocd.argoproj.io/skip-reconcile";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("hub-swapped", "another hub takes over in mid-release", 600),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (fleet, harness) = (testbed.fleet()?, &testbed.harness);
    let table = OlderTable::restore(testbed, "messages-hub-swapped", MESSAGES).await?;
    let secrets = registered(fleet).await?;
    let beside = Kept::of(testbed.last()).await?;
    let next = standing_by(testbed, step).await?;
    let clusters = testbed.managed_by(next.hub());
    let target = clusters.first().context("there is no target")?;
    let (reads, operator) = (
        ReadLoad::start(testbed, Environment::first())?,
        Operator::of(testbed),
    );
    let before = operator.head().await?;
    let released = table.released_by(&operator, SLOWLY).await?;
    table.locked(step).await?;
    let job = migration_job::uid(target).await?;
    for cluster in &clusters {
        nothing_was_looked_at(cluster).await?;
    }

    let swapped = Instant::now();
    teardown::remove_cluster(&harness.run, &harness.engine, fleet.hub().environment, step).await?;
    let at = table.schema().await?;
    next.install(harness, Standby::Off, step).await?;
    testbed.hand_over(Rebuilt::Hub(next.clone()))?;
    called(testbed, fleet.hub(), next.hub()).await?;
    // Only now, when others find a hub whatever comes of it.
    ensure!(
        at == 1,
        "the migration was over when the hub was gone: the table is at schema {at}"
    );
    caught_up(step, target, APP, &released, ARRIVED).await?;
    step.measured("first hub removed to live", swapped.elapsed().as_secs_f64());
    ensure!(
        migration_job::uid(target).await? != job,
        "the second hub has left the first one's Job as it was"
    );
    let (seen, _) = table.migrated().await?;
    ensure!(
        seen == u64::try_from(MESSAGES)?,
        "both migrations have seen {seen} of {MESSAGES} messages"
    );
    same(&secrets, &registered(&next).await?)?;
    beside.is_there(testbed.last()).await?;
    step.evidence(format!(
        "the second hub stood by while the first one released, and ended its release with a Job of its own; all \
         {MESSAGES} messages are as they should be, and no pod of {} was touched",
        testbed.last().name
    ));

    operator.restore(&before).await?;
    let merged = Instant::now();
    let back = operator.head().await?;
    gitops::app(step, target, APP).at(&back).arrived(ARRIVED).await?;
    step.measured("next merge to live", merged.elapsed().as_secs_f64());
    table.drop(step, target).await?;
    reads.stop(step).await?.at_most(0)
}

/// Makes a second hub by the steps of docs/CLUSTERS.md, which knows all clusters and changes
/// nothing.
async fn standing_by(testbed: &Testbed, step: &StepHandle) -> Result<Fleet> {
    let (fleet, harness) = (testbed.fleet()?, &testbed.harness);
    let begun = Instant::now();
    let network = Network::ensure(harness).await?;
    let free = Environment::hubs()
        .into_iter()
        .find(|one| *one != fleet.hub().environment);
    let free = free.context("both hubs are there")?;
    // What an attempt that failed may have left.
    teardown::remove_cluster(&harness.run, &harness.engine, free, step).await?;
    let hub = cluster::create(harness, &network, free, &Ports::of_hub()?, step).await?;
    fleet::login::of_hubs(harness, fleet.hub(), &hub).await?;
    equip(testbed, step, &hub).await?;
    let next = fleet.of_hub(&hub);
    next.install(harness, Standby::On, step).await?;
    for cluster in &testbed.clusters {
        let secret = next.registered(step, cluster).await?;
        let skips = secret
            .annotations()
            .get(SKIP)
            .is_some_and(|skips| skips == "true");
        ensure!(skips, "the second hub does not stand by for {}", cluster.name);
    }
    step.measured("second hub stands by after", begun.elapsed().as_secs_f64());
    Ok(next)
}

/// Points the forge's webhooks to the Argo CD that is there now.
async fn called(testbed: &Testbed, before: &Cluster, now: &Cluster) -> Result<()> {
    let [before, now] = [before, now].map(|hub| argocd_url_for_forge(hub.environment));
    let secret = &testbed.world.forge.argocd_webhook_secret;
    manifests_on_forge(&testbed.world)
        .move_webhooks(&before, &now, secret)
        .await
        .context("change the webhooks of Argo CD")
}
