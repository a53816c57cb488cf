//! A release whose pods run but never become ready: they get no requests.

use crate::plan::Step;
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::held_back;

const SETTING: &str = "      - op: replace
        path: /spec/template/spec/containers/0/readinessProbe/httpGet/path
        value: /nowhere
";

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
        way_out: "Merge a fix, or revert.",
    }),
    run: |env, step| {
        Box::pin(held_back::run(
            env,
            step,
            |text| Ok(text + SETTING),
            "Readiness probe failed",
        ))
    },
};
