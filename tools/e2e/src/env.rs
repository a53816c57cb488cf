//! What a finished bring-up hands to the scenarios.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    account::Account, checkout::Checkout, ci::Ci, cluster::Cluster, environment::Environment, repositories,
    run_dir::RunDir, world::World,
};

/// What is known before anything runs in a container. Shared (`Arc`), because the CI outlives the
/// step that starts it.
pub(crate) struct Ground {
    pub(crate) run: RunDir,
    pub(crate) engine: supply::engine::Engine,
    /// Whether nodes run on cgroup v1, which a kubelet refuses unless it is told otherwise.
    pub(crate) cgroup_v1: bool,
    pub(crate) parts: supply::Parts,
    /// Whose CI file is carried out, and by what.
    pub(crate) ci: pipelines::Runner,
    pub(crate) cache: supply::cache::Cache,
    pub(crate) account: Account,
    /// For everything on this machine: no proxy, short connect timeout.
    pub(crate) http: reqwest::Client,
}

/// Everything that is up.
pub(crate) struct Env {
    pub(crate) ground: Arc<Ground>,
    pub(crate) world: World,
    pub(crate) ci: Ci,
    /// One for each environment, in the order of promotion.
    pub(crate) clusters: Vec<Cluster>,
    /// The last one anew, if a scenario has rebuilt it; the scenarios after it see that one.
    pub(crate) rebuilt: Mutex<Option<Cluster>>,
}

impl Env {
    /// From now on the last cluster is the one that was rebuilt, if it was.
    pub(crate) fn renew(&mut self) {
        let rebuilt = self.rebuilt.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let (Some(cluster), Some(last)) = (rebuilt.take(), self.clusters.last_mut()) {
            *last = cluster;
        }
    }

    /// Where the scenarios' developer works.
    pub(crate) fn application(&self) -> Checkout {
        repositories::application(&self.ground, &self.world)
    }

    /// Where what was released is seen; the same folder, if it is the same repository.
    pub(crate) fn manifests(&self) -> Checkout {
        repositories::manifests(&self.ground, &self.world)
    }

    /// The cluster of an environment.
    pub(crate) fn cluster(&self, environment: Environment) -> &Cluster {
        let cluster = self
            .clusters
            .iter()
            .find(|cluster| cluster.environment == environment);
        cluster.expect("the bring-up makes a cluster for each environment")
    }

    /// The cluster of the environment that is built for.
    pub(crate) fn first(&self) -> &Cluster {
        self.cluster(Environment::first())
    }

    /// The cluster of the environment that a commit reaches last.
    pub(crate) fn last(&self) -> &Cluster {
        self.cluster(Environment::last())
    }
}
