//! What makes clusters targets of the hub: an EKS that knows them, and the controller that reads
//! their tags there. EKS is a process of this one, and ends with it.

mod controller;
mod eks;
pub(crate) mod login;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};

pub(crate) use controller::{Standby, image};
pub(crate) use eks::{Eks, List};
pub(crate) use target::{give_rights, prepare};

use crate::cluster::Cluster;
use crate::platform::argocd::NAMESPACE;
use crate::run::{Harness, StepHandle};
use crate::wait::{Verdict, eventually};
use crate::world::World;

/// From a tag to what the controller makes of it.
const SEEN: Duration = Duration::from_secs(30);

/// The running pair, and what it works for. Clones share EKS.
#[derive(Clone)]
pub(crate) struct Fleet {
    pub(crate) eks: Arc<Eks>,
    /// The image of the controller.
    digest: String,
    hub: Cluster,
}

impl Fleet {
    /// Starts both, tags all clusters for their environments, and waits until each has its Secret.
    pub(crate) async fn start(
        harness: &Harness,
        world: &World,
        hub: &Cluster,
        digest: String,
        clusters: &[&Cluster],
        step: &StepHandle,
    ) -> Result<Self> {
        let mut eks = Eks::start(harness, world, clusters, step).await?;
        eks.open(harness)?;
        let fleet = Self {
            eks: Arc::new(eks),
            digest,
            hub: hub.clone(),
        };
        fleet.install(harness, Standby::Off, step).await?;
        for cluster in clusters {
            let begun = Instant::now();
            fleet.eks.create(cluster).await?;
            fleet.registered(step, cluster).await?;
            let what = format!("{}: tag to Secret", cluster.environment);
            step.measured(&what, begun.elapsed().as_secs_f64());
        }
        Ok(fleet)
    }

    /// Starts an EKS for a hub that has gone on without one, with all clusters in it before anybody
    /// asks: a cluster that is not there yet would count as deleted.
    pub(crate) async fn attach(
        harness: &Harness,
        world: &World,
        hub: &Cluster,
        clusters: &[&Cluster],
        step: &StepHandle,
    ) -> Result<Self> {
        let mut eks = Eks::start(harness, world, clusters, step).await?;
        for cluster in clusters {
            eks.create(cluster).await?;
        }
        eks.open(harness)?;
        Ok(Self {
            eks: Arc::new(eks),
            digest: controller::digest(hub).await?,
            hub: hub.clone(),
        })
    }

    /// The same clusters for another hub, which has no controller yet.
    pub(crate) fn of_hub(&self, hub: &Cluster) -> Self {
        Self {
            hub: hub.clone(),
            ..self.clone()
        }
    }

    /// Has the controller run in the hub, which acts or stands by, and waits until it is at work.
    pub(crate) async fn install(&self, harness: &Harness, standby: Standby, step: &StepHandle) -> Result<()> {
        controller::apply(harness, &self.hub, &self.digest, standby, step).await
    }

    /// The cluster whose Argo CD manages the others.
    pub(crate) fn hub(&self) -> &Cluster {
        &self.hub
    }

    /// Waits until the hub knows a cluster.
    pub(crate) async fn registered(&self, step: &StepHandle, cluster: &Cluster) -> Result<Secret> {
        let what = format!("the Secret of {}", cluster.name);
        eventually(step, &what, SEEN, async || {
            Ok(match self.secret(cluster).await? {
                Some(secret) => Verdict::Ready(secret),
                None => Verdict::Pending("not there".to_owned()),
            })
        })
        .await
    }

    /// Waits until the hub knows it no more.
    pub(crate) async fn forgotten(&self, step: &StepHandle, cluster: &Cluster) -> Result<()> {
        let what = format!("the end of the Secret of {}", cluster.name);
        eventually(step, &what, SEEN, async || {
            Ok(match self.secret(cluster).await? {
                Some(_) => Verdict::Pending("still there".to_owned()),
                None => Verdict::Ready(()),
            })
        })
        .await
    }

    /// The Secret of a cluster, as it is now.
    pub(crate) async fn secret(&self, cluster: &Cluster) -> Result<Option<Secret>> {
        let ours = ListParams::default().labels("app.kubernetes.io/managed-by=clusterset");
        let found = self
            .secrets()
            .list(&ours)
            .await
            .context("list the Secrets of clusters")?;
        let of = |secret: &Secret| secret.annotations().get("gitops-loop/cluster") == Some(&cluster.name);
        Ok(found.items.into_iter().find(of))
    }

    /// The name of the environment that a cluster is of for the hub; none where it knows of none.
    pub(crate) async fn environment_of(&self, cluster: &Cluster) -> Result<Option<String>> {
        let secret = self.secret(cluster).await?;
        Ok(secret.and_then(|secret| secret.labels().get(eks::ENVIRONMENT).cloned()))
    }

    /// The Secrets where the hub's Argo CD reads them.
    pub(crate) fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.hub.client.clone(), NAMESPACE)
    }

    /// Waits until the controller has looked at everything so many times more.
    pub(crate) async fn passes(&self, step: &StepHandle, count: u64) -> Result<()> {
        // As each pod was first seen: their counts begin with their processes.
        let mut before = BTreeMap::new();
        let what = format!("{count} passes of clusterset");
        eventually(step, &what, SEEN, async || {
            let mut done = 0;
            for (pod, passes) in controller::passes(&self.hub).await? {
                let first = *before.entry(pod).or_insert(passes);
                done += passes.saturating_sub(first);
            }
            Ok(if done >= count {
                Verdict::Ready(())
            } else {
                Verdict::Pending(format!("{done} of {count}"))
            })
        })
        .await
    }

    /// What the controller's pods take, in MiB, by their names.
    pub(crate) async fn memory(&self) -> Result<Vec<(String, f64)>> {
        controller::memory(&self.hub).await
    }

    /// What the controller has logged so far.
    pub(crate) async fn log(&self) -> Result<String> {
        controller::said(&self.hub).await
    }
}
