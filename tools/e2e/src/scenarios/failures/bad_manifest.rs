//! A manifest is merged that Kubernetes rejects: Argo CD names it, and what runs continues.

use anyhow::Result;
use serde_json::json;

use crate::actors::Operator;
use crate::environment::PAGE;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::{overlays, refused};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("bad-manifest", "a manifest that Kubernetes rejects", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "An invalid manifest is merged, for example with a word where a number belongs.",
        effect: "Argo CD cannot compare it with the cluster (`ComparisonError`): it names the field and starts no sync. The old \
                 pods keep serving. A mistake in an overlay affects its environment; one in a base affects both at once, because \
                 both read `master`.",
        within: "30 s, 0 failed requests",
        way_out: "Revert, or merge a correct manifest. `cargo xtask check` finds this mistake.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let word = overlays::set("Deployment", "/spec/revisionHistoryLimit", &json!("three"));
    let merge = async |operator: &Operator| operator.patch(&overlays::of(PAGE), &[word]).await;
    refused::run(testbed, step, merge, "revisionHistoryLimit").await
}
