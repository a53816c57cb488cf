//! What a finished bring-up hands to the scenarios: the systems that they test.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};

use crate::{
    ci::Ci,
    cluster::Cluster,
    environment::Environment,
    git::{checkout::Checkout, repositories},
    platform::fleet::Fleet,
    run::{Harness, saved_state::State},
    world::World,
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
    /// What a scenario has rebuilt; the scenarios after it see that.
    pub(crate) rebuilt: Mutex<Option<Rebuilt>>,
}

/// A cluster that was lost and is there anew.
pub(crate) enum Rebuilt {
    /// The one of the last environment.
    Last(Cluster),
    /// The hub, with what makes the others its targets.
    Hub(Fleet),
}

impl Rebuilt {
    fn cluster(&self) -> &Cluster {
        match self {
            Self::Last(cluster) => cluster,
            Self::Hub(fleet) => fleet.hub(),
        }
    }
}

impl Testbed {
    /// Has those who come after a scenario find what it has rebuilt, other commands among them.
    pub(crate) fn hand_over(&self, rebuilt: Rebuilt) -> Result<()> {
        let state = rebuilt.cluster().state();
        *self.rebuilt.lock().unwrap_or_else(PoisonError::into_inner) = Some(rebuilt);
        State::replace(&self.harness.cache, state)
    }

    /// From now on what was rebuilt is in the place of what was lost.
    pub(crate) fn renew(&mut self) {
        let rebuilt = self.rebuilt.get_mut().unwrap_or_else(PoisonError::into_inner);
        match rebuilt.take() {
            None => {}
            Some(Rebuilt::Last(cluster)) => {
                if let Some(last) = self.clusters.last_mut() {
                    *last = cluster;
                }
            }
            Some(Rebuilt::Hub(fleet)) => {
                self.clusters = self.managed_by(fleet.hub());
                self.fleet = Some(fleet);
            }
        }
    }

    /// The clusters of all environments, managed by this hub.
    pub(crate) fn managed_by(&self, hub: &Cluster) -> Vec<Cluster> {
        let clusters = self.clusters.iter().cloned();
        clusters.map(|cluster| cluster.managed_by(hub)).collect()
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
