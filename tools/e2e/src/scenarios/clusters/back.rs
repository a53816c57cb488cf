//! A cluster's API is away during a release. The other cluster gets it as ever; this one gets it
//! when it is back, without a person and without another commit.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use xshell::Shell;

use super::released::{ARRIVED, caught_up, everywhere, taken_back};
use crate::actors::Operator;
use crate::cluster::Cluster;
use crate::environment::PAGE;
use crate::gitops;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::undo::Undo;
use crate::wait::{Verdict, eventually};

const RELEASED: Duration = Duration::from_mins(1);
const AWAY: Duration = Duration::from_secs(40);
const ANSWERS: Duration = Duration::from_mins(1);

/// The kubelet runs what is in the first folder, so this ends the API, or starts it.
const END: &str = "mv /etc/kubernetes/manifests/kube-apiserver.yaml /etc/kubernetes/";
const START: &str = "mv /etc/kubernetes/kube-apiserver.yaml /etc/kubernetes/manifests/";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("cluster-back", "a cluster is back after it missed a release", 360),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (operator, cluster) = (Operator::of(testbed), testbed.last());
    let shell = Shell::new().context("open a shell")?;
    let node = cluster.environment.control_plane();
    let start = ["exec", &node, "sh", "-c", START];
    let undo = Undo::by([testbed.harness.engine.command(&shell, start)]);
    cluster.on_node(&testbed.harness, &node, END, &[]).await?;
    answers(step, cluster, false, AWAY).await?;
    let commit = everywhere(&operator, "missed").await?;
    gitops::app(step, testbed.first(), PAGE)
        .at(&commit)
        .arrived(RELEASED)
        .await?;
    let why = gitops::app(step, cluster, PAGE)
        .at(&commit)
        .failed(RELEASED)
        .await?;
    step.evidence(format!("while its API was away, Argo CD said: {why}"));
    cluster.on_node(&testbed.harness, &node, START, &[]).await?;
    undo.done();
    answers(step, cluster, true, ANSWERS).await?;
    let back = Instant::now();
    caught_up(step, cluster, PAGE, &commit, ARRIVED).await?;
    step.measured("API back to the missed release", back.elapsed().as_secs_f64());
    taken_back(step, &testbed.clusters, &operator, &commit).await
}

/// Waits until the API of a cluster answers, or does not.
async fn answers(step: &StepHandle, cluster: &Cluster, wanted: bool, within: Duration) -> Result<()> {
    let what = format!("the API of {}", cluster.name);
    eventually(step, &what, within, async || {
        let does = cluster.client.apiserver_version().await.is_ok();
        Ok(if does == wanted {
            Verdict::Ready(())
        } else {
            Verdict::Pending(if does { "still answers" } else { "does not answer" }.to_owned())
        })
    })
    .await
}
