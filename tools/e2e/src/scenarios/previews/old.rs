//! A preview that is as old as one gets is taken away, though its pull request is still open.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{GONE, Proposed, READY, SAID, Saying, keeper_changed, kubectl, none_left};
use crate::platform::previews;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};

/// How old one gets here, in place of a week; longer than one takes to be ready.
const AGE: Duration = Duration::from_secs(75);
const KEEPER: &str = "deployment/previews";
const BACK: &[&str] = &["rollout", "undo", KEEPER];
const CHANGED: &[&str] = &["rollout", "status", KEEPER];

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "preview-old",
        "a preview that has got too old is taken away",
        1200,
    ),
    suite: Suite::Previews,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    previews::ensure(testbed, step).await?;
    let proposed = Proposed::open_and_build(testbed, step, "old").await?;
    let oldest = format!("OLDEST_SECONDS={}", AGE.as_secs());
    let undo = keeper_changed(testbed, &["set", "env", KEEPER, &oldest], BACK).await?;
    kubectl(testbed, CHANGED).await?;

    let since = Instant::now();
    proposed.label(testbed).await?;
    proposed.address(testbed, step, READY).await?;
    let taken = format!("taken away after {} s", AGE.as_secs());
    let taken = Saying {
        status: "failure",
        words: &taken,
    };
    proposed.says(testbed, step, AGE + SAID, taken).await?;
    step.measured("label to taken away", since.elapsed().as_secs_f64());
    let gone = none_left(testbed, step, GONE).await?;
    step.measured("taken away to nothing left", gone.as_secs_f64());
    // That the label is gone too is no other reason.
    proposed.says(testbed, step, SAID, taken).await?;

    kubectl(testbed, BACK).await?;
    undo.done();
    kubectl(testbed, CHANGED).await?;
    proposed.close(testbed).await
}
