//! The image of a release is missing: its migration cannot start, and is stopped by its deadline.

use std::time::Duration;

use anyhow::Result;

use crate::platform::admission::HOOK;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::backend_release::{Change, Course};
use crate::scenarios::migration_job;

const DEADLINE: u32 = 8;
/// After the deadline.
const FAILED: u64 = 30;
/// Of no image.
const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("migration-image", "a migration whose image is missing", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A release names an image that the registry does not have. The scenario gives the migration 8 s; the default in \
                `base` is 300 s.",
        effect: "The migration's pod reports `ErrImagePull`. The Job's deadline stops it, and the sync fails and names the \
                 deadline. No server is replaced. Where images must be signed, admission rejects the Job, and the sync fails at \
                 once.",
        within: "30 s after the deadline, 0 failed requests",
        way_out: "Revert. Until the deadline, `kubectl describe pod --selector job-name=backend-migrate` shows the image.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let course = Course::begin(testbed, step).await?;
    let image = format!(
        "{}/gitops-loop/backend@{DIGEST}",
        testbed.harness.account.registry
    );
    let missing = Change {
        image: Some(&image),
        deadline: Some(DEADLINE),
        ..Change::default()
    };
    let bad = course.release(&missing).await?;
    let within = Duration::from_secs(u64::from(DEADLINE) + FAILED);
    if testbed.world.signing.is_some() {
        // Nobody has signed what is not there: it does not come to a pod.
        course.stopped(&bad, HOOK, within).await?;
    } else {
        let why = migration_job::cannot_start(step, testbed.first()).await?;
        step.evidence(format!("the migration's pod: {why}"));
        course.stopped(&bad, "deadline", within).await?;
    }
    course.back().await?;
    course.end().await
}
