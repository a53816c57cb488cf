//! A release whose program ends at once: the old pods serve, and the release is Degraded until the next one.

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
        cause: "A release is merged whose program ends at once, such as by a setting that it refuses.",
        effect: "The new pods restart in growing intervals and get no requests; the old ones serve on. After `progressDeadlineSeconds` \
                 (two minutes, five seconds in the story) the Application is Degraded, and the pod's warning says `BackOff`. Production is not touched.",
        within: "30 s beyond that, 0 failed requests",
        way_out: "Merge a good release, or revert; `kubectl logs --previous` has the program's last words.",
    }),
    story: |env, step| {
        Box::pin(held_back::tell(
            env,
            step,
            |text| Ok(text + SETTING),
            "Back-off restarting failed container",
        ))
    },
};
