//! A migration exits with an error: nothing is rolled out, and the next good commit goes live.

use std::time::Duration;

use anyhow::Result;

use crate::environment::{API, Environment};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::backend_release::{Change, Course};
use crate::scenarios::{migration_job, overlays};

const FAILED: Duration = Duration::from_secs(30);
const NOWHERE: &str = "messages-nowhere";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("migration-fails", "a migration that fails", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A release names a table that does not exist, so its migration exits with an error.",
        effect: "The sync fails and names the Job. The Deployment is not changed, the old version keeps serving, and no message \
                 is lost.",
        within: "30 s, 0 failed requests",
        way_out: "`kubectl logs job/backend-migrate` shows the reason, until the next sync. Merge a fix: it is migrated and \
                  rolled out.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let course = Course::begin(testbed, step).await?;
    let wrong = Change {
        settings: &[
            ("TABLE_NAME", NOWHERE),
            ("MIGRATE_WAIT_SECONDS", "1"),
            ("RUST_LOG", "info"),
        ],
        ..Change::default()
    };
    let bad = course.release(&wrong).await?;
    course.stopped(&bad, "backoff limit", FAILED).await?;
    let said = migration_job::said(testbed.first(), NOWHERE).await?;
    step.evidence(format!("the migration: {said}"));

    let good = course
        .operator
        .replace(&overlays::of(API), NOWHERE, &Environment::first().table())
        .await?;
    course.arrived(&good).await?;
    course.back().await?;
    course.end().await
}
