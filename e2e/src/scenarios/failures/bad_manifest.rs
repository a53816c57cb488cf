//! A manifest is merged that Kubernetes does not accept: Argo CD refuses it by name, and what ran goes on.

use anyhow::Result;

use crate::actors::Operator;
use crate::env::Env;
use crate::plan::Step;
use crate::progress::StepHandle;
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::refused;

/// In staging's overlay: the base is production's too, and would reach both at once.
const OVERLAY: &str = "frontend/overlays/staging/kustomization.yaml";
const PATCHES: &str = "\npatches:\n";
const WORD: &str = "  - target:
      kind: Deployment
    patch: |
      - op: replace
        path: /spec/revisionHistoryLimit
        value: three
";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("bad-manifest", "a manifest that is not accepted", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A manifest is merged that Kubernetes refuses, such as a word where a number belongs.",
        effect: "Argo CD cannot compare it with the cluster (`ComparisonError`), names the field and begins no sync, the old pods go on serving. A mistake in an overlay concerns \
                 its environment; one in a base reaches both at once, because both read `master`.",
        within: "30 s, 0 failed requests",
        way_out: "Revert the commit, or merge one that is right. `cargo xtask check` would have found it.",
    }),
    story: |env, step| Box::pin(tell(env, step)),
};

async fn tell(env: &Env, step: &StepHandle) -> Result<()> {
    let merge = async |operator: &Operator| {
        operator
            .replace(OVERLAY, PATCHES, &format!("{PATCHES}{WORD}"))
            .await
    };
    refused::tell(env, step, merge, "revisionHistoryLimit").await
}
