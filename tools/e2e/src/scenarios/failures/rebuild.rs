//! Production's cluster is lost and rebuilt from Git alone: the same objects, the same page, and
//! the messages from the table.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::actors::Visitor;
use crate::run::{Rebuilt, Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::{lost_cluster, objects};
use crate::wait::{Verdict, eventually};
use crate::world::iam_proxy;
use crate::{
    gitops,
    platform::{admission, argocd},
};

const SYNCED: Duration = Duration::from_mins(2);
/// As long as a Service that was made anew may take.
const ANSWERED: Duration = Duration::from_secs(10);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("rebuild", "production is rebuilt from Git", 480),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "Production's whole cluster is deleted. A new one gets only what a person had given the old one: roles that \
                trust it, the admission controller where images are signed, Argo CD, and the root Application.",
        effect: "Argo CD recreates everything from Git: the same objects with the same specifications and the same images. The \
                 messages are in the table, which is outside the cluster.",
        within: "8 min, nearly all of it to start the cluster and Argo CD",
        way_out: "The steps of [FORK.md](FORK.md#when-a-cluster-is-lost), in their order: a new cluster has another issuer, which \
                  the roles have to trust, and it would run unsigned images without the admission controller.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let visitor = Visitor::of(testbed.last(), &testbed.harness.http);
    let (commit, messages) = (visitor.commit_shown().await?, visitor.messages().await?);
    step.doing("note every object");
    let before = objects::all(&testbed.last().client).await?;
    ensure!(
        before.len() >= 10,
        "only {} objects are there to compare",
        before.len()
    );

    let begun = Instant::now();
    let harness = &testbed.harness;
    let rebuilt = lost_cluster::made_again(testbed, step, testbed.last()).await?;
    testbed.hand_over(Rebuilt::Last(rebuilt.clone()))?;
    // It signs with keys of its own.
    iam_proxy::trust(harness, &rebuilt).await?;
    step.measured("cluster after", begun.elapsed().as_secs_f64());
    if let Some(signing) = &testbed.world.signing {
        admission::install(harness, &rebuilt, signing, step).await?;
    }
    argocd::install(harness, &rebuilt, &testbed.world, step).await?;
    step.measured("Argo CD after", begun.elapsed().as_secs_f64());
    argocd::apply_root(&testbed.harness, &testbed.manifests(), &rebuilt).await?;
    gitops::created(step, &rebuilt, SYNCED).await?;
    step.measured("everything as Git says after", begun.elapsed().as_secs_f64());

    let visitor = Visitor::of(&rebuilt, &testbed.harness.http);
    // Pods are ready before the node sends visitors to them.
    let answers = async || visitor.commit_shown().await.map(Verdict::Ready);
    let shown = eventually(step, "the page of the new cluster", ANSWERED, answers).await?;
    step.measured("the page answers after", begun.elapsed().as_secs_f64());
    ensure!(shown == commit, "the page shows {shown}, before it was {commit}");
    let read = async || visitor.messages().await.map(Verdict::Ready);
    let kept = eventually(step, "the API of the new cluster", ANSWERED, read).await?;
    ensure!(kept == messages, "the messages are not those that were there");
    let after = objects::all(&rebuilt.client).await?;
    objects::same(&before, &after)?;
    step.evidence(format!("{} objects, each as it was", after.len()));
    Ok(())
}
