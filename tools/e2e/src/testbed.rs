//! What a finished bring-up hands to the scenarios: the systems that they test.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};

use crate::{
    checkout::Checkout, ci::Ci, cluster::Cluster, environment::Environment, fleet::Fleet, harness::Harness,
    repositories, world::World,
};

/// Everything that is up.
pub(crate) struct Testbed {
    pub(crate) harness: Arc<Harness>,
    pub(crate) world: World,
    pub(crate) ci: Ci,
    /// One for each environment, in the order of promotion.
    pub(crate) clusters: Vec<Cluster>,
    /// What makes them targets of a hub, in that topology.
    pub(crate) fleet: Option<Fleet>,
    /// The last one anew, if a scenario has rebuilt it; the scenarios after it see that one.
    pub(crate) rebuilt: Mutex<Option<Cluster>>,
}

impl Testbed {
    /// From now on the last cluster is the one that was rebuilt, if it was.
    pub(crate) fn renew(&mut self) {
        let rebuilt = self.rebuilt.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let (Some(cluster), Some(last)) = (rebuilt.take(), self.clusters.last_mut()) {
            *last = cluster;
        }
    }

    /// Where the scenarios' developer works.
    pub(crate) fn application(&self) -> Checkout {
        repositories::application(&self.harness, &self.world)
    }

    /// Where what was released is seen; the same folder, if it is the same repository.
    pub(crate) fn manifests(&self) -> Checkout {
        repositories::manifests(&self.harness, &self.world)
    }

    /// What makes clusters targets of the hub.
    pub(crate) fn fleet(&self) -> Result<&Fleet> {
        self.fleet
            .as_ref()
            .context("there is no hub; bring it up with `--topology hub`")
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
