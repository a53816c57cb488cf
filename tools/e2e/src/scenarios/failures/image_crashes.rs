//! A release whose program exits at once: the old pods keep serving, and the Application is
//! Degraded until the next release.

use anyhow::Result;
use serde_json::json;

use crate::git::kustomization_edits::with_item;
use crate::run::Step;
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::{held_back, overlays};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("image-crashes", "a release that crashes", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A release is merged whose program exits at start, for example because it rejects a setting.",
        effect: "The new pods restart at growing intervals and get no requests; the old pods keep serving. After \
                 `progressDeadlineSeconds` (two minutes; five seconds in the scenario) the Application is Degraded, and the \
                 pod's event says `BackOff`. Production is not affected.",
        within: "30 s after that deadline, 0 failed requests",
        way_out: "Merge a fix, or revert. `kubectl logs --previous` shows the program's last output. A commit to `infra/apps` \
                  that was merged while the Application was Degraded has failed; once it is Healthy, start that sync again \
                  ([ADR 5](adr/0005-no-sync-retries.md)): `kubectl -n argocd patch application root --type merge -p \
                  '{\"operation\": {\"sync\": {\"syncOptions\": [\"ServerSideApply=true\"]}}}'`.",
    }),
    run: |testbed, step| {
        Box::pin(held_back::run(
            testbed,
            step,
            |overlay| without_a_port(&overlay),
            "Back-off restarting failed container",
        ))
    },
};

/// The server refuses it at its start, as it would any setting that makes no sense.
fn without_a_port(overlay: &str) -> Result<String> {
    let setting = json!({ "name": "LISTEN_ADDR", "value": "nowhere" });
    let server = json!({ "name": held_back::APP, "env": [setting] });
    with_item(overlay, "patches", &overlays::container("Deployment", &server))
}
