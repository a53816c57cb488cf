//! The processes of Argo CD: ended, and waited for.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt as _};

use super::NAMESPACE;
use super::whole::ready;
use crate::cluster::Cluster;
use crate::run::StepHandle;
use crate::wait::{Verdict, eventually};

/// They read the settings when they start: the first asks, the second remembers what a branch was.
const READERS: &str = "app.kubernetes.io/name in (argocd-application-controller, argocd-repo-server)";
const STARTED: Duration = Duration::from_mins(4);

/// The pods that some of its processes were in at one moment.
pub(crate) struct Processes<'a> {
    cluster: &'a Cluster,
    pods: Api<Pod>,
    which: ListParams,
    uids: BTreeSet<String>,
}

impl<'a> Processes<'a> {
    /// Those of one part, for example `argocd-redis`.
    pub(crate) async fn of(cluster: &'a Cluster, part: &str) -> Result<Self> {
        Self::find(cluster, &format!("app.kubernetes.io/name={part}")).await
    }

    /// All of them.
    pub(crate) async fn all(cluster: &'a Cluster) -> Result<Self> {
        Self::find(cluster, "").await
    }

    async fn find(cluster: &'a Cluster, labels: &str) -> Result<Self> {
        let pods = Api::namespaced(cluster.client.clone(), NAMESPACE);
        let which = ListParams::default().labels(labels);
        let uids = uids(&pods, &which).await?;
        ensure!(!uids.is_empty(), "Argo CD has no pod to end: {labels}");
        Ok(Self {
            cluster,
            pods,
            which,
            uids,
        })
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.uids.len()
    }

    /// Ends them without a word to them.
    pub(crate) async fn kill(&self) -> Result<()> {
        self.end(&DeleteParams::default().grace_period(0)).await
    }

    /// Waits until others are in their place, and Argo CD is whole.
    pub(crate) async fn replaced(&self, step: &StepHandle) -> Result<()> {
        eventually(step, "Argo CD, started anew", STARTED, async || {
            let now = uids(&self.pods, &self.which).await?;
            if now.is_disjoint(&self.uids) {
                ready(self.cluster).await
            } else {
                Ok(Verdict::Pending("the old processes are still there".to_owned()))
            }
        })
        .await
    }

    async fn end(&self, how: &DeleteParams) -> Result<()> {
        let ended = self.pods.delete_collection(how, &self.which).await;
        ended.map(drop).context("end processes of Argo CD")
    }
}

async fn uids(pods: &Api<Pod>, which: &ListParams) -> Result<BTreeSet<String>> {
    let listed = pods.list(which).await.context("list the pods of Argo CD")?;
    Ok(listed.iter().filter_map(Pod::uid).collect())
}

/// Start its processes anew that read settings at their start only, and wait until it is whole.
pub(crate) async fn restart(step: &StepHandle, cluster: &Cluster) -> Result<()> {
    let readers = Processes::find(cluster, READERS).await?;
    readers.end(&DeleteParams::default()).await?;
    readers.replaced(step).await
}
