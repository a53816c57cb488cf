//! Turns an add-on on and off in the first environment, as a person does: what Argo CD may not make
//! first, then a line in Git, and back in the opposite order.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use k8s_openapi::api::networking::v1::IngressClass;
use kube::{Api, ResourceExt as _};

use super::traces::{Traces, delete, without_application};
use crate::actors::Operator;
use crate::cluster::Cluster;
use crate::gitops;
use crate::platform::addons::load_balancer::CLASS;
use crate::platform::{addons, argocd};
use crate::run::{StepHandle, Testbed};

/// From the line in Git until the add-on is Healthy.
const LIVE: Duration = Duration::from_mins(2);

/// The add-ons that are on there.
pub(super) async fn there(cluster: &Cluster) -> Result<Vec<&'static str>> {
    let found = gitops::list(cluster).await?;
    let is_there = |name: &&&str| found.iter().any(|application| application.name_any() == **name);
    let mut names: Vec<_> = addons::NAMES.iter().filter(is_there).copied().collect();
    // It has no Application, but a class.
    let classes: Api<IngressClass> = Api::all(cluster.client.clone());
    let class = classes.get_opt(CLASS).await.context("look for the class")?;
    names.extend(class.map(|_| addons::BALANCER));
    Ok(names)
}

/// Whether this one is.
pub(super) async fn is_on(cluster: &Cluster, name: &str) -> Result<bool> {
    Ok(there(cluster).await?.contains(&name))
}

/// Turns one on that is off.
pub(super) async fn on(testbed: &Testbed, step: &StepHandle, name: &'static str) -> Result<()> {
    let (cluster, harness) = (testbed.first(), &testbed.harness);
    step.doing("apply what Argo CD may not make");
    addons::load(harness, cluster, name).await?;
    addons::administered(harness, cluster, name).await?;
    let mut names = there(cluster).await?;
    names.push(name);
    argocd::reconfigure(harness, cluster, &testbed.world, &names).await?;
    let path = addons::applications_of(cluster.environment);
    let edit = |text: String| addons::with(name, &path, &text);
    let asked = Instant::now();
    let on = Operator::of(testbed).edit(&path, edit).await?;
    gitops::app(step, cluster, name).at(&on).arrived(LIVE).await?;
    step.measured("on to Healthy", asked.elapsed().as_secs_f64());
    Ok(())
}

/// Turns it off, and looks that nothing of it is left.
pub(super) async fn off(
    testbed: &Testbed,
    step: &StepHandle,
    name: &'static str,
    traces: &Traces,
) -> Result<()> {
    let cluster = testbed.first();
    let found = traces.count(cluster).await?;
    let asked = Instant::now();
    let path = addons::applications_of(cluster.environment);
    let edit = |text: String| addons::without_addon(name, &path, &text);
    Operator::of(testbed).edit(&path, edit).await?;
    leaves_nothing(testbed, step, cluster, name, traces).await?;
    step.measured("off to nothing left", asked.elapsed().as_secs_f64());
    step.evidence(format!("{found} objects were there, and none is left"));
    Ok(())
}

/// Does what is to be done after the line in Git, and waits until nothing is left.
pub(super) async fn leaves_nothing(
    testbed: &Testbed,
    step: &StepHandle,
    cluster: &Cluster,
    name: &str,
    traces: &Traces,
) -> Result<()> {
    without_application(step, cluster, name).await?;
    delete(testbed, cluster, name).await?;
    argocd::reconfigure(&testbed.harness, cluster, &testbed.world, &there(cluster).await?).await?;
    traces.none(step, cluster).await
}
