//! The add-on by which people come to the page through a load balancer is turned on and off, as a
//! person does it.

use std::time::Duration;

use anyhow::Result;

use super::switch;
use super::traces::{Traces, delete};
use crate::actors::Operator;
use crate::cluster::Cluster;
use crate::platform::addons::load_balancer::{self, LoadBalancer};
use crate::platform::addons::{self, BALANCER};
use crate::platform::argocd;
use crate::run::{StepHandle, Testbed};
use crate::wait::{Verdict, eventually};

const ALLOWED: Duration = Duration::from_mins(1);
pub(super) const TRACES: Traces = Traces {
    words: &[BALANCER, "argocd-ingresses", "argocd-watch-ingresses"],
    settings: &["[Ingress]", "\"kind\":\"Ingress\""],
    kinds: &["Ingress", "IngressClass"],
};

/// Whether there can be one on this machine; if not, the step is skipped.
pub(super) fn can_be(step: &StepHandle) -> bool {
    let allowed = load_balancer::is_allowed();
    if !allowed {
        step.skip("only root may start a process in the network of a node");
    }
    allowed
}

/// Waits until people come to the page by its name.
pub(super) async fn served(step: &StepHandle, balancer: &LoadBalancer, within: Duration) -> Result<()> {
    eventually(step, "the page by its name", within, async || {
        let page = balancer.visitors.page("/").await?;
        Ok(if page.status == 200 && page.text.contains("</html>") {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("{} {:?}", page.status, balancer.problem().await))
        })
    })
    .await
}

/// What an administrator does, and then the line of the environment.
pub(super) async fn on(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (harness, cluster) = (&testbed.harness, testbed.first());
    step.doing("apply what Argo CD may not make");
    addons::administered(harness, cluster, BALANCER).await?;
    argocd::reconfigure(harness, cluster, &testbed.world, &switch::there(cluster).await?).await?;
    let path = addons::applications_of(cluster.environment);
    let edit = |text: String| addons::with(BALANCER, &path, &text);
    Operator::of(testbed).edit(&path, edit).await?;
    allowed(step, cluster, true).await
}

/// Waits until the apps may have Ingresses, or no longer.
async fn allowed(step: &StepHandle, cluster: &Cluster, expected: bool) -> Result<()> {
    let projects = argocd::objects(cluster.argocd(), "AppProject");
    eventually(step, "the project of the apps", ALLOWED, async || {
        let project = projects.get(argocd::PROJECT).await?;
        let may = project.data.to_string().contains("\"kind\":\"Ingress\"");
        Ok(if may == expected {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("it allows Ingresses: {may}"))
        })
    })
    .await
}

/// Once no app has an Ingress any more: the line of the environment, what an administrator does,
/// and a look that nothing is left.
pub(super) async fn off(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let path = addons::applications_of(cluster.environment);
    let edit = |text: String| addons::without_addon(BALANCER, &path, &text);
    operator.edit(&path, edit).await?;
    allowed(step, cluster, false).await?;
    delete(testbed, cluster, BALANCER).await?;
    argocd::reconfigure(
        &testbed.harness,
        cluster,
        &testbed.world,
        &switch::there(cluster).await?,
    )
    .await?;
    TRACES.none(step, cluster).await
}
