//! A release whose program exits at once: the old pods keep serving, and the Application is Degraded until the next release.

use crate::plan::Step;
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::held_back;

/// The server refuses it at its start, as it would any setting that makes no sense.
const SETTING: &str = "      - op: add
        path: /spec/template/spec/containers/0/env/-
        value: { name: LISTEN_ADDR, value: nowhere }
";

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
        way_out: "Merge a fix, or revert. `kubectl logs --previous` shows the program's last output.",
    }),
    run: |env, step| {
        Box::pin(held_back::run(
            env,
            step,
            |text| Ok(text + SETTING),
            "Back-off restarting failed container",
        ))
    },
};
