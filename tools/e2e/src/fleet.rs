//! What makes clusters targets of the hub: an EKS that knows them, and the controller that reads
//! their tags there. Both are processes of this one, and end with it.

mod controller;
mod eks;
pub(crate) mod login;
mod target;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};

pub(crate) use controller::{Turn, compile};
pub(crate) use eks::{Eks, List};
pub(crate) use target::token; // wing: previews
pub(crate) use target::{give_rights, prepare};

use crate::argocd::NAMESPACE;
use crate::cluster::Cluster;
use crate::harness::Harness;
use crate::progress::StepHandle;
use crate::wait::{Verdict, eventually};
use controller::Controller;

/// From a tag to what the controller makes of it.
const SEEN: Duration = Duration::from_secs(30);

/// The running pair, and what it works for. Clones share the pair.
#[derive(Clone)]
pub(crate) struct Fleet {
    pub(crate) eks: Arc<Eks>,
    controller: Arc<Controller>,
    hub: Cluster,
}

impl Fleet {
    /// Starts both, tags all clusters for their environments, and waits until each has its Secret.
    pub(crate) async fn start(
        harness: &Harness,
        clusterset: PathBuf,
        hub: &Cluster,
        clusters: &[&Cluster],
        step: &StepHandle,
    ) -> Result<Self> {
        let eks = Eks::start(harness, clusters, step).await?;
        let fleet = Self {
            controller: Arc::new(Controller::new(
                harness,
                clusterset,
                eks.endpoint.clone(),
                hub.environment,
            )),
            eks: Arc::new(eks),
            hub: hub.clone(),
        };
        fleet.start_controller(harness, step).await?;
        for cluster in clusters {
            let begun = Instant::now();
            fleet.eks.create(cluster).await?;
            fleet.registered(step, cluster).await?;
            let what = format!("{}: tag to Secret", cluster.environment);
            step.measured(&what, begun.elapsed().as_secs_f64());
        }
        Ok(fleet)
    }

    /// The same clusters for another hub, in place of the one that was lost. The controller, which
    /// was lost with it, has to be started there.
    pub(crate) fn of_hub(&self, hub: &Cluster) -> Self {
        Self {
            hub: hub.clone(),
            ..self.clone()
        }
    }

    /// The same clusters for a hub beside this one, with a controller of its own, which does not
    /// run yet.
    pub(crate) fn beside(&self, harness: &Harness, hub: &Cluster) -> Self {
        Self {
            controller: Arc::new(self.controller.beside(harness, hub.environment)),
            ..self.of_hub(hub)
        }
    }

    /// Starts the controller beside the hub, and waits until it is at work.
    pub(crate) async fn start_controller(&self, harness: &Harness, step: &StepHandle) -> Result<()> {
        self.take_turn(harness, Turn::Acts, step).await
    }

    /// The same, for a hub that may have to stand by. A controller that runs already is ended.
    pub(crate) async fn take_turn(&self, harness: &Harness, turn: Turn, step: &StepHandle) -> Result<()> {
        self.controller.start(harness, &self.hub, turn, step).await
    }

    /// Ends the controller, without a word to it.
    pub(crate) fn kill_controller(&self) {
        self.controller.kill();
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

    /// The Secrets where the hub's Argo CD reads them.
    pub(crate) fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.hub.client.clone(), NAMESPACE)
    }

    /// Waits until the controller has looked at everything so many times more.
    pub(crate) async fn passes(&self, step: &StepHandle, harness: &Harness, count: u64) -> Result<()> {
        let before = self.controller.passes(harness).await?;
        let what = format!("{count} passes of clusterset");
        eventually(step, &what, SEEN, async || {
            let done = self.controller.passes(harness).await? - before;
            Ok(if done >= count {
                Verdict::Ready(())
            } else {
                Verdict::Pending(format!("{done} of {count}"))
            })
        })
        .await
    }

    /// What the controller has logged so far.
    pub(crate) fn log(&self) -> Result<String> {
        self.controller.said()
    }
}
