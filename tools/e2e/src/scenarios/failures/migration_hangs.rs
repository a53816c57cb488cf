//! A migration that never finishes is stopped by its deadline.

use std::time::Duration;

use anyhow::Result;

use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::backend_release::{Change, Course};

const DEADLINE: u32 = 5;
/// After the deadline.
const FAILED: u64 = 30;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("migration-hangs", "a migration that hangs", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A migration does not finish. The scenario gives it 5 s; the default in `base` is 300 s.",
        effect: "The Job's deadline stops it, and the sync fails and names the deadline. The old version keeps serving.",
        within: "30 s after the deadline, 0 failed requests",
        way_out: "Revert. If a migration only needs more time, raise `activeDeadlineSeconds` in a commit: it resumes at its \
                  checkpoint in the next sync.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let course = Course::begin(testbed, step).await?;
    let endless = Change {
        // Waited for longer than the deadline allows.
        settings: &[
            ("TABLE_NAME", "messages-nowhere"),
            ("MIGRATE_WAIT_SECONDS", "3600"),
        ],
        deadline: Some(DEADLINE),
        ..Change::default()
    };
    let bad = course.release(&endless).await?;
    let within = Duration::from_secs(u64::from(DEADLINE) + FAILED);
    course.stopped(&bad, "deadline", within).await?;
    course.back().await?;
    course.end().await
}
