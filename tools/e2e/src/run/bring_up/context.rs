//! What the steps of a bring-up hand to each other.

use std::{
    cell::OnceCell,
    sync::{Arc, Mutex},
};

use anyhow::{Context, Result};

use crate::{
    ci::Ci,
    cluster::Cluster,
    environment::Environment,
    host::network::Network,
    platform::fleet::Fleet,
    run::{Harness, Session, Testbed, saved_state::Up, topology::Topology},
    world::World,
};

/// What the steps have made so far, and what they began with.
pub(crate) struct BringUp<'s> {
    pub(super) session: &'s Session,
    /// Whether the admission controller is there, or will be.
    pub(super) admission: bool,
    /// Whether add-ons are on, or will be.
    pub(super) addons: bool,
    /// What another command left running, to connect to.
    pub(super) standing: Option<Up>,
    pub(super) harness: Made<Arc<Harness>>,
    pub(super) network: Made<Network>,
    pub(super) world: Made<World>,
    pub(super) ci: Made<Ci>,
    /// One for each environment, in the order of promotion.
    pub(super) clusters: Vec<(Environment, Made<Cluster>)>,
    /// In the topology of this name, and what makes the others its targets.
    pub(super) hub: Made<Cluster>,
    /// The digest of its image.
    pub(super) clusterset: Made<String>,
    pub(super) fleet: Made<Fleet>,
}

impl<'s> BringUp<'s> {
    /// From nothing.
    pub(super) fn new(session: &'s Session, admission: bool) -> Self {
        let cluster = |environment: &Environment| (*environment, Made::new("the cluster"));
        Self {
            session,
            admission,
            addons: session.options.addons(),
            standing: None,
            harness: Made::new("the harness"),
            network: Made::new("the network"),
            world: Made::new("the world"),
            ci: Made::new("the CI"),
            clusters: Environment::all().iter().map(cluster).collect(),
            hub: Made::new("the hub"),
            clusterset: Made::new("clusterset"),
            fleet: Made::new("the fleet"),
        }
    }

    /// Onto what is up.
    pub(super) fn onto(session: &'s Session, standing: Up) -> Self {
        Self {
            admission: standing.world.signing.is_some(),
            addons: standing.world.addons,
            standing: Some(standing),
            ..Self::new(session, false)
        }
    }

    /// Where Argo CD runs, or will.
    pub(super) fn topology(&self) -> Topology {
        let standing = self.standing.as_ref().map(|up| up.world.topology);
        standing.unwrap_or_else(|| self.session.options.topology())
    }

    /// All clusters that are managed, in the order of promotion.
    pub(super) fn targets(&self) -> Result<Vec<&Cluster>> {
        self.clusters.iter().map(|(_, cluster)| cluster.get()).collect()
    }

    /// Where the cluster of an environment is put.
    pub(super) fn cluster_of(&self, environment: Environment) -> Result<&Made<Cluster>> {
        if environment == Environment::hub() {
            return Ok(&self.hub);
        }
        let made = self.clusters.iter().find(|(of, _)| *of == environment);
        let (_, made) = made.with_context(|| format!("{environment} is not of this project"))?;
        Ok(made)
    }

    /// What all steps together have made.
    pub(super) fn testbed(self) -> Result<Testbed> {
        let hub = match self.topology() {
            Topology::Each => None,
            Topology::Hub => Some(self.hub.take()?),
        };
        let managed = |cluster: Cluster| match &hub {
            Some(hub) => cluster.managed_by(hub),
            None => cluster,
        };
        let clusters = self
            .clusters
            .into_iter()
            .map(|(_, cluster)| cluster.take().map(managed));
        Ok(Testbed {
            fleet: self.fleet.value.into_inner(),
            harness: self.harness.take()?,
            world: self.world.take()?,
            ci: self.ci.take()?,
            clusters: clusters.collect::<Result<_>>()?,
            rebuilt: Mutex::default(),
        })
    }
}

/// A value that one step makes for those that the plan has after it.
pub(super) struct Made<T> {
    what: &'static str,
    value: OnceCell<T>,
}

impl<T> Made<T> {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            value: OnceCell::new(),
        }
    }

    /// Puts it there.
    pub(super) fn set(&self, value: T) -> Result<()> {
        let set = self.value.set(value).ok();
        set.with_context(|| format!("{} was made by an earlier step", self.what))
    }

    pub(super) fn get(&self) -> Result<&T> {
        let value = self.value.get();
        value.with_context(|| format!("no earlier step has made {}", self.what))
    }

    pub(super) fn take(self) -> Result<T> {
        let value = self.value.into_inner();
        value.with_context(|| format!("no step has made {}", self.what))
    }
}
