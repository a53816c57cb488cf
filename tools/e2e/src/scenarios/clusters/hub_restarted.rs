//! All of the hub is killed in the middle of a release, while its migration is at work in the
//! target: the release arrives all the same, and nobody who visits notices.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use kube::ResourceExt as _;

use super::kept::Kept;
use super::released::caught_up;
use crate::gitops;
use crate::platform::argocd::Processes;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::backend_release::{APP, Course};
use crate::scenarios::migration_job;
use crate::scenarios::older_table::OlderTable;

const MESSAGES: usize = 500;
/// So that the migration goes on for more than twelve seconds after its beginning was seen.
const SLOWLY: &str = "40";
/// With a migration that may have to be run again, and a pause before that.
const ARRIVED: Duration = Duration::from_mins(3);
const PASSES: u64 = 2;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("hub-restarted", "the hub is restarted in mid-release", 480),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (fleet, target, other) = (testbed.fleet()?, testbed.first(), testbed.last());
    let table = OlderTable::restore(testbed, "messages-hub-restarted", MESSAGES).await?;
    let beside = Kept::of(other).await?;
    let secret = fleet.registered(step, target).await?;
    let course = Course::begin(testbed, step).await?;
    let released = table.released(&course, SLOWLY).await?;
    table.locked(step).await?;
    let job = migration_job::uid(target).await?;

    let hub = Processes::all(fleet.hub()).await?;
    let killed = Instant::now();
    hub.kill().await?;
    let at = table.schema().await?;
    ensure!(
        at == 1,
        "the migration was over when the hub was killed: the table is at schema {at}"
    );
    hub.replaced(step).await?;
    step.measured("hub killed to whole", killed.elapsed().as_secs_f64());
    let sync = gitops::app(step, target, APP)
        .at(&released)
        .ended(ARRIVED)
        .await?;
    caught_up(step, target, APP, &released, ARRIVED).await?;
    step.measured("hub killed to live", killed.elapsed().as_secs_f64());
    match sync {
        None => {
            ensure!(
                migration_job::uid(target).await? == job,
                "the migration was started a second time in one sync"
            );
            step.evidence(
                "the new Argo CD has finished the sync of the old one, with the same Job".to_owned(),
            );
        }
        Some(why) => step.evidence(format!("the sync failed, and clusterset had it repeated: {why}")),
    }

    table.migrated_once().await?;
    fleet.passes(step, PASSES).await?;
    ensure!(
        fleet.registered(step, target).await?.resource_version() == secret.resource_version(),
        "the Secret of {} was written again",
        target.name
    );
    beside.is_there(other).await?;
    step.evidence(format!(
        "{} processes of Argo CD and clusterset were killed; all {MESSAGES} messages were changed once, and no \
         pod of {} was touched",
        hub.count(),
        other.name
    ));
    // The next commit needs all of it.
    gitops::app(step, target, APP).compared_again(ARRIVED).await?;
    course.back().await?;
    course.end().await?;
    table.drop(step, target).await
}
