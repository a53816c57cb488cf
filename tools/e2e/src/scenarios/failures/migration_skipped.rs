//! A commit is merged while the previous release is rolling out: its migration runs, or else the
//! new servers are not ready (argoproj/argo-cd#25475).

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::git::short;
use crate::gitops;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::backend_release::{APP, Change, Course};
use crate::scenarios::migration_job;
use crate::scenarios::older_table::OlderTable;

const APPLIED: Duration = Duration::from_secs(30);
/// Longer than the second sync takes to its end.
const SETTLE: u32 = 8;
/// Zero would not be stored, and Argo CD would miss it.
const NO_LONGER: u32 = 1;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("migration-skipped", "a migration during a rollout", 150),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A release that needs a migration is merged while the previous release is still rolling out.",
        effect: "Its migration runs before its first server. If Argo CD skipped it, the new servers would not become ready, and \
                 the old ones would keep serving.",
        within: "40 s, 0 failed requests",
        way_out: "Nothing to do. If servers report `schema … run backend migrate`, sync by hand.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let table = OlderTable::restore(testbed, "messages-skipped", 30).await?;
    let course = Course::begin(testbed, step).await?;
    let slow = Change {
        settings: &[("RUST_LOG", "info")],
        settle: Some(SETTLE),
        ..Change::default()
    };
    let first = course.release(&slow).await?;
    gitops::app(step, testbed.first(), APP)
        .at(&first)
        .rolling_out(APPLIED)
        .await?;
    let merged = Instant::now();
    let needing = Change {
        settings: &[("TABLE_NAME", table.name)],
        settle: Some(NO_LONGER),
        ..Change::default()
    };
    let second = course.release(&needing).await?;
    course.arrived(&second).await?;
    step.measured("merge in mid-rollout to live", merged.elapsed().as_secs_f64());
    if !migration_job::was_for(testbed.first(), table.name).await? {
        bail!("{} is live, and no migration was run for it", short(&second));
    }
    let (seen, _) = table.migrated().await?;
    ensure!(seen == 30, "the migration has seen {seen} of 30 messages");
    step.evidence(format!(
        "{} was still rolling out when {} came; its migration ran all the same",
        short(&first),
        short(&second)
    ));
    course.back().await?;
    course.end().await?;
    table.drop(step, testbed.first()).await
}
