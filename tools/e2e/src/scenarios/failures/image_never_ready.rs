//! A release whose pods run but never become ready: they get no requests.

use anyhow::Result;
use serde_json::json;

use crate::git::kustomization_edits::with_item;
use crate::run::Step;
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::{held_back, overlays};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("image-never-ready", "a release that is never ready", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A release is merged whose pods run but never become ready.",
        effect: "The new pods get no requests; the old pods keep serving. After `progressDeadlineSeconds` (two minutes; five \
                 seconds in the scenario) the Application is Degraded, and the pod's event says which probe fails and why. \
                 Production is not affected.",
        within: "30 s after that deadline, 0 failed requests",
        way_out: "Merge a fix, or revert. A commit to `infra/apps` that was merged while the Application was Degraded has \
                  failed: sync the root by hand once it is Healthy ([ADR 5](adr/0005-no-sync-retries.md)).",
    }),
    run: |testbed, step| {
        Box::pin(held_back::run(
            testbed,
            step,
            |overlay| never_ready(&overlay),
            "Readiness probe failed",
        ))
    },
};

fn never_ready(overlay: &str) -> Result<String> {
    let probe = json!({ "httpGet": { "path": "/nowhere" } });
    let server = json!({ "name": held_back::APP, "readinessProbe": probe });
    with_item(overlay, "patches", &overlays::container("Deployment", &server))
}
