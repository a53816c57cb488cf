//! A manifest is merged whose kind Argo CD does not watch, as for an add-on that was never
//! installed.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::actors::{Operator, ReadLoad};
use crate::environment::{Environment, PAGE};
use crate::gitops::{self, Status};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::overlays;
use crate::scenarios::workloads::pod_uids;
use crate::wait::Verdict;

const APP: &str = PAGE;
const MONITOR: &str = "apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: frontend
spec: {}
";
const SEEN: Duration = Duration::from_secs(30);
const HEALED: Duration = Duration::from_secs(30);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("unknown-kind", "a kind that is not allowed", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A manifest is merged whose kind is missing in `infra/argocd`, or whose CRD is not installed.",
        effect: "Argo CD leaves the object out and names it in the condition `ExcludedResourceWarning`. The Application stays \
                 Synced, and no pod is replaced.",
        within: "30 s, 0 failed requests",
        way_out: "Install the CRD, then allow the kind in `infra/apps/base/project.yaml` and `infra/argocd`; or revert. `cargo \
                  xtask test` finds a kind that is rendered but not allowed.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (staging, operator) = (testbed.first(), Operator::of(testbed));
    let here = pod_uids(staging).await?;
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let merged = Instant::now();
    let strange = operator
        .add_manifests(&overlays::folder(APP), &[("monitor.yaml", MONITOR)])
        .await?;
    let named = |status: &Status| match status.left_out() {
        Some(words) => Verdict::Ready(words.to_owned()),
        None => Verdict::Pending(status.summary()),
    };
    let words = gitops::app(step, staging, APP)
        .until("leaves something out", SEEN, named)
        .await?;
    step.measured("merge to named", merged.elapsed().as_secs_f64());
    ensure!(
        words.contains("ServiceMonitor"),
        "Argo CD does not name the kind: {words}"
    );
    step.evidence(words);
    gitops::app(step, staging, APP).at(&strange).settled(SEEN).await?;

    let good = operator.revert(&strange).await?;
    gitops::app(step, staging, APP).at(&good).settled(HEALED).await?;
    ensure!(pod_uids(staging).await? == here, "pods of staging were replaced");
    reads.stop(step).await?.at_most(0)
}
