//! A manifest is removed from Git: its object is deleted, unless it is protected from pruning.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::DeleteParams;
use xshell::Shell;

use crate::actors::Operator;
use crate::environment::{NAMESPACE, PAGE};
use crate::gitops::{self, Status};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::overlays;
use crate::scenarios::undo::Undo;
use crate::wait::{Verdict, gone};

const APP: &str = PAGE;
const GOES: &str = "scenario-goes";
const STAYS: &str = "scenario-stays";
const MANIFESTS: &[(&str, &str)] = &[
    (
        "goes.yaml",
        "apiVersion: v1
kind: ServiceAccount
metadata:
  name: scenario-goes
automountServiceAccountToken: false
",
    ),
    (
        "stays.yaml",
        "apiVersion: v1
kind: ServiceAccount
metadata:
  name: scenario-stays
  annotations:
    argocd.argoproj.io/sync-options: Prune=false
automountServiceAccountToken: false
",
    ),
];
const SYNCED: Duration = Duration::from_secs(30);
const PRUNED: Duration = Duration::from_secs(10);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("prune", "what is removed from Git is pruned", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A manifest is removed from Git.",
        effect: "Its object is deleted. An object with the annotation `Prune=false` stays, and the Application is OutOfSync \
                 while it exists.",
        within: "10 s",
        way_out: "Reverting the commit creates the object again, but not what it contained, such as data. What must outlive its \
                  manifest needs `Prune=false`, as the namespace has it. Delete a kept object by hand once nobody needs it.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (staging, operator) = (testbed.first(), Operator::of(testbed));
    let accounts: Api<ServiceAccount> = Api::namespaced(staging.client.clone(), NAMESPACE);
    let undo = undo(testbed)?;
    let added = operator.add_manifests(&overlays::folder(APP), MANIFESTS).await?;
    gitops::app(step, staging, APP).at(&added).arrived(SYNCED).await?;
    for name in [GOES, STAYS] {
        ensure!(
            accounts.get_opt(name).await?.is_some(),
            "{name} was synced and is not there"
        );
    }

    let asked = Instant::now();
    let removed = operator.revert(&added).await?;
    gone(
        step,
        "the object is pruned",
        PRUNED,
        &accounts,
        GOES,
        "still there",
    )
    .await?;
    step.measured("removed to pruned", asked.elapsed().as_secs_f64());
    let synced = |status: &Status| {
        if status.has_synced(&removed) && status.is_out_of_sync(&removed) {
            Verdict::Ready(status.summary())
        } else {
            Verdict::Pending(status.summary())
        }
    };
    let summary = gitops::app(step, staging, APP)
        .until("says what stayed", SYNCED, synced)
        .await?;
    ensure!(
        accounts.get_opt(STAYS).await?.is_some(),
        "{STAYS} says Prune=false and is gone"
    );
    step.evidence(format!(
        "{GOES} was deleted, {STAYS} is there, the Application is {summary}"
    ));

    accounts
        .delete(STAYS, &DeleteParams::default())
        .await
        .context("delete by hand what stayed")?;
    undo.done();
    gitops::app(step, staging, APP).at(&removed).arrived(SYNCED).await
}

/// Deletes what no sync does: as long as it is there, the Application is not at rest. That helps
/// only once Git has it no longer; before, Argo CD makes it again.
pub(crate) fn undo(testbed: &Testbed) -> Result<Undo> {
    let shell = Shell::new().context("open a shell")?;
    let delete = [
        "delete",
        "serviceaccount",
        STAYS,
        "--namespace",
        NAMESPACE,
        "--ignore-not-found",
        "--wait=false",
        "--request-timeout=20s",
    ];
    Ok(Undo::by([testbed.first().kubectl(
        &testbed.harness,
        &shell,
        &delete,
    )]))
}
