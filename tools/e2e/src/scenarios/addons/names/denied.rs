//! external-dns hangs, and then may not change the zone: the record stays as it was, the apps
//! serve, and what was asked for meanwhile is there afterwards.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::Api;
use kube::api::{DeleteParams, LogParams, Patch, PatchParams};
use serde_json::Value;
use xshell::Shell;

use super::{NAMED, TARGETS, Zone};
use crate::actors::ReadLoad;
use crate::cluster::Cluster;
use crate::environment::{Environment, NAMESPACE, PAGE};
use crate::platform::addons::{DNS, account};
use crate::run::{StepHandle, Testbed};
use crate::scenarios::addons::denied::Denied;
use crate::scenarios::addons::hung::Hung;
use crate::scenarios::addons::{is, pod};
use crate::scenarios::undo::Undo;
use crate::wait::{Verdict, consistently, eventually};

/// When nothing changes it looks as often as infra/local/addons/external-dns says.
const LOOKED: Duration = Duration::from_secs(30);
const STAYS: Duration = Duration::from_secs(5);
/// As long as one look at the zone.
const NOW: Duration = Duration::from_secs(1);
/// The Service that asks for the name.
const SERVICE: &str = "board-name";

pub(super) async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let zone = Zone::ready(testbed, step).await?;
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let asked = hangs(testbed, step, &zone).await?;
    denied(testbed, step, (&zone, &asked)).await?;
    asked.end().await?;
    zone.until(step, None, NAMED).await?;
    reads.stop(step).await?.at_most(0)
}

/// Its process hangs while the name is asked for, and is ended.
async fn hangs(testbed: &Testbed, step: &StepHandle, zone: &Zone<'_>) -> Result<Asked> {
    let hung = Hung::addon(testbed, DNS).await?;
    let asked = Asked::of(testbed)?;
    asked.stand_for(zone, TARGETS[0]).await?;
    hung.noticed(step).await?;
    zone.until(step, None, NOW).await?;
    is(testbed, step, PAGE, "Healthy").await?;
    hung.end(step).await?;
    let since = Instant::now();
    zone.until(step, Some(TARGETS[0]), LOOKED).await?;
    step.measured("back to record", since.elapsed().as_secs_f64());
    Ok(asked)
}

/// It may not change the zone while the name is to stand for something else.
async fn denied(testbed: &Testbed, step: &StepHandle, (zone, asked): (&Zone<'_>, &Asked)) -> Result<()> {
    let [before, after] = TARGETS;
    let role = account::role(testbed, DNS);
    let denied = Denied::action(testbed, role, "route53:ChangeResourceRecordSets").await?;
    asked.stand_for(zone, after).await?;
    refused(step, testbed.first()).await?;
    // No app, nor Argo CD, minds.
    for app in [PAGE, DNS] {
        is(testbed, step, app, "Healthy").await?;
    }
    consistently(step, "the record before", STAYS, async || {
        zone.look(Some(before)).await
    })
    .await?;
    denied.end().await?;
    let since = Instant::now();
    zone.until(step, Some(after), LOOKED).await?;
    step.measured("allowed to record", since.elapsed().as_secs_f64());
    Ok(())
}

/// Waits until its log says what it may not do.
async fn refused(step: &StepHandle, cluster: &Cluster) -> Result<()> {
    let words = "is not authorized to perform: route53:ChangeResourceRecordSets";
    let said = eventually(step, "a refusal in its log", NAMED, async || {
        let log = log(cluster).await?;
        let line = log.lines().rev().find(|line| line.contains(words));
        Ok(match line {
            Some(line) => Verdict::Ready(line.to_owned()),
            None => Verdict::Pending(log.lines().last().unwrap_or_default().to_owned()),
        })
    })
    .await?;
    step.evidence(said);
    Ok(())
}

async fn log(cluster: &Cluster) -> Result<String> {
    let name = pod(cluster, DNS).await?.metadata.name;
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), DNS);
    pods.logs(&name.context("a pod has a name")?, &LogParams::default())
        .await
        .context("read its log")
}

/// A Service that asks for the name outside of Git, so that nothing but external-dns is waited for.
/// It goes when this is ended or dropped.
struct Asked {
    services: Api<Service>,
    undo: Undo,
}

impl Asked {
    fn of(testbed: &Testbed) -> Result<Self> {
        let (cluster, shell) = (testbed.first(), Shell::new().context("open a shell")?);
        let delete = [
            "delete",
            "service",
            SERVICE,
            "--namespace",
            NAMESPACE,
            "--ignore-not-found",
        ];
        Ok(Self {
            services: Api::namespaced(cluster.client.clone(), NAMESPACE),
            undo: Undo::by([cluster.kubectl(&testbed.harness, &shell, &delete)]),
        })
    }

    /// From now on the name is to stand for this target.
    async fn stand_for(&self, zone: &Zone<'_>, target: &str) -> Result<()> {
        let service: Value = serde_saphyr::from_str(&zone.service(target)).context("read the Service")?;
        let applied = self
            .services
            .patch(
                SERVICE,
                &PatchParams::apply("e2e").force(),
                &Patch::Apply(&service),
            )
            .await;
        applied.map(drop).context("ask for a name")
    }

    async fn end(self) -> Result<()> {
        let deleted = self.services.delete(SERVICE, &DeleteParams::default()).await;
        deleted.context("delete what asks for a name")?;
        self.undo.done();
        Ok(())
    }
}
