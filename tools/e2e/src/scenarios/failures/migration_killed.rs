//! A migration is killed half-way: the next one resumes where it stopped, with the same result.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::environment::API;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::backend_release::Course;
use crate::scenarios::older_table::OlderTable;
use crate::scenarios::{migration_job, overlays};

const FAILED: Duration = Duration::from_secs(30);
/// One checkpoint, after 200, and a rest.
const MESSAGES: usize = 500;
/// So that the rest takes three seconds.
const SLOWLY: &str = "100";
const AS_FAST_AS_IT_CAN: &str = "0";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("migration-killed", "a migration killed half-way", 180),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "Staging switches to a restored table with an older schema, and the migration's pod is deleted while it runs.",
        effect: "The sync fails, and the old version keeps serving from its own table. The next migration resumes at the \
                 checkpoint. Every message is converted, and none is lost.",
        within: "30 s to the failure, 0 failed requests",
        way_out: "Merge any commit of the backend, or sync by hand: the migration resumes. An evicted one resumes by itself.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let table = OlderTable::restore(testbed, "messages-killed", MESSAGES).await?;
    let course = Course::begin(testbed, step).await?;
    let first = table.released(&course, SLOWLY).await?;
    let reached = table.checkpoint(step).await?;
    migration_job::kill(testbed.first()).await?;
    course.stopped(&first, "backoff limit", FAILED).await?;
    let at = table.schema().await?;
    ensure!(at == 1, "the killed migration left the table at schema {at}");

    let rate = |value| format!(r#"\"name\":\"MIGRATE_ITEMS_PER_SECOND\",\"value\":\"{value}\""#);
    let second = course
        .operator
        .replace(&overlays::of(API), &rate(SLOWLY), &rate(AS_FAST_AS_IT_CAN))
        .await?;
    course.arrived(&second).await?;
    let went_on = format!(r#""earlier_seen":{reached}"#);
    migration_job::said(testbed.first(), &went_on).await?;
    let (seen, _) = table.migrated().await?;
    ensure!(
        seen == u64::try_from(MESSAGES)?,
        "both migrations have seen {seen} of {MESSAGES} messages"
    );
    step.evidence(format!(
        "killed at the checkpoint of {reached} messages; the next went on there, and all {seen} are at schema {}",
        table.needed
    ));
    course.back().await?;
    course.end().await?;
    table.drop(step, testbed.first()).await
}
