//! A release of an image that is not in the registry: its pods never start.

use std::time::Duration;

use anyhow::Result;

use crate::actors::Operator;
use crate::environment::PAGE;
use crate::git::kustomization_edits::with_digest;
use crate::gitops;
use crate::platform::admission::HOOK;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::{held_back, overlays, refused};

const SYNCED: Duration = Duration::from_secs(30);
/// The hash of nothing, so no image's.
const NONE: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("image-missing", "a release whose image is missing", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "Somebody merges a digest that the registry does not have.",
        effect: "The new pods wait for their image; the old pods keep serving. After `progressDeadlineSeconds` (two minutes; \
                 five seconds in the scenario) the Application is Degraded, and the pod's event names the image. Production is \
                 not affected. Where images must be signed, admission rejects it, and the sync fails at once.",
        within: "30 s after that deadline, 0 failed requests",
        way_out: "Revert. CI proposes only digests that the registry has. If the sync failed, also sync once by hand: until then \
                  Argo CD does not correct drift ([ADR 5](adr/0005-no-sync-retries.md)); and the root, if a commit to \
                  `infra/apps` was merged while the Application was Degraded.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let edit = |text: String| with_digest(&text, held_back::APP, NONE);
    if testbed.world.signing.is_none() {
        return held_back::run(testbed, step, edit, "Failed to pull image").await;
    }
    // Nobody has signed what is not there: it does not come to pods.
    let merge = async |operator: &Operator| operator.edit(&overlays::of(PAGE), edit).await;
    refused::run(testbed, step, merge, HOOK).await?;
    let head = Operator::of(testbed).head().await?;
    gitops::app(step, testbed.first(), held_back::APP)
        .at(&head)
        .synced_by_hand(SYNCED)
        .await
}
