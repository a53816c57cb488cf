//! A manifest is merged of a kind that the cluster does not know, as when its definition was never installed.

use anyhow::Result;

use crate::actors::Operator;
use crate::env::Env;
use crate::plan::Step;
use crate::progress::StepHandle;
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::refused;

const OVERLAY: &str = "frontend/overlays/staging";
const MONITOR: &str = "apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: frontend
spec: {}
";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("unknown-kind", "a kind the cluster does not know", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A manifest is merged of a kind whose definition (CRD) is not installed.",
        effect: "The sync fails and names the kind; nothing of the commit is rolled out, the old pods go on serving.",
        within: "30 s, 0 failed requests",
        way_out: "Install the definition and allow the kind in `infra/apps/base/project.yaml` first, or revert the commit.",
    }),
    story: |env, step| Box::pin(tell(env, step)),
};

async fn tell(env: &Env, step: &StepHandle) -> Result<()> {
    let merge = async |operator: &Operator| {
        operator
            .add_manifests(OVERLAY, &[("monitor.yaml", MONITOR)])
            .await
    };
    refused::tell(env, step, merge, "ServiceMonitor").await
}
