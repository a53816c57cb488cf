//! Two migrations at once: one works, the other waits and finds everything done.

use anyhow::{Result, ensure};

use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::backend_release::Course;
use crate::scenarios::migration_job;
use crate::scenarios::older_table::OlderTable;

const MESSAGES: usize = 200;
/// So that the second one has five seconds to begin while the first is at work.
const SLOWLY: &str = "40";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("migrations-at-once", "two migrations at once", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "While the migration of a release runs, somebody starts a second one by hand.",
        effect: "One holds the lock and works. The other waits, finds everything done and succeeds. Every message is changed \
                 once, and the release goes live.",
        within: "40 s, 0 failed requests",
        way_out: "Nothing to do.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let table = OlderTable::restore(testbed, "messages-at-once", MESSAGES).await?;
    let course = Course::begin(testbed, step).await?;
    let released = table.released(&course, SLOWLY).await?;
    table.locked(step).await?;
    let second = migration_job::Second::start(testbed, table.name).await?;
    let (said, live) = tokio::join!(second.ended_well(step), course.arrived(&released));
    let said = said?;
    live?;
    ensure!(
        said.contains("another migrator has the lock") && !said.contains("migrating items"),
        "the second migration did not wait for the first: {said}"
    );
    table.migrated_once().await?;
    step.evidence(format!(
        "the second waited for the lock and changed nothing; all {MESSAGES} messages were changed once"
    ));
    second.remove().await?;
    course.back().await?;
    course.end().await?;
    table.drop(step, testbed.first()).await
}
