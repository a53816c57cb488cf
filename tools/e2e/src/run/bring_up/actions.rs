//! What each step of a bring-up does.

use std::sync::{Arc, atomic::Ordering};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use pipelines::{Runner, System};
use supply::{
    Fault, SupplyError,
    engine::{Engine, Kind},
    needs::Group,
};
use taskkit::missing::Missing;

use super::context::BringUp;
use crate::platform::addons; // wing: addons
use crate::{
    cluster::{self, Cluster, Ports},
    environment::Environment,
    git::repositories,
    host::network::{self, Network},
    platform::{
        admission, argocd,
        fleet::{self, Fleet},
    },
    run::{
        Harness, StepHandle,
        first_release::first_release,
        harness,
        saved_state::{State, Up},
        teardown,
        topology::Topology,
    },
    scenario::Suite,
    world::{self, World, account::Account, iam_proxy},
};

impl BringUp<'_> {
    /// Looks for everything that this machine needs, and installs it where that is wanted.
    pub(super) async fn doctor(&self, step: &StepHandle) -> Result<()> {
        let session = self.session;
        // Nothing is installed for another engine than that of what is up.
        if State::engine(&session.cache) == Some(Kind::Docker) {
            session.find_engine()?;
        }
        let balances = session.options.chose(Suite::Clusters);
        let balances = balances || self.addons && addons::load_balancer::is_allowed(); // wing: addons
        // The CI compiles the apps, and this process what stands before AWS.
        let mut also = vec![Group::Static];
        if balances {
            also.push(Group::LoadBalancer);
        }
        if session.options.system() != System::Codebuild {
            also.extend([Group::Python, Group::Pipelines]);
        }
        let options = self.supply_options();
        self.supplied(step, move |with| {
            let ready = supply::ready_for_run(with, &options, &also);
            if with.missing == Missing::Install {
                // What a compiler lacks is got when it is needed.
                return ready;
            }
            and_lacking(ready, iam_proxy::lacking(&["--no-install"])?)
        })
        .await?;
        session.find_engine()?;
        let engine = session.engine.get().context("an engine was just found")?;
        network::expect_way_back(&session.run, engine).await
    }

    /// Pulls or builds tools and images.
    pub(super) async fn supply(&self, step: &StepHandle) -> Result<()> {
        let session = self.session;
        let account = Account::read(&session.run.repo)?;
        let engine = session.engine.get();
        let engine = engine.context("the doctor has found no engine")?.clone();
        let cgroup_v1 = engine.on_cgroup_v1(&session.run.logs())?;
        if cgroup_v1 {
            session.progress.say(
                "this machine has cgroup v1, which Kubernetes is about to give up: the nodes run with failCgroupV1: false",
            );
        }
        let (parts, ci) = {
            let (engine, options) = (engine.clone(), self.supply_options());
            let system = session.options.system();
            self.supplied(step, move |with| {
                let parts = supply::supply(with, &engine, &options)?;
                Ok((parts, Runner::supply(with, system)?))
            })
            .await?
        };
        session.use_kubectl(parts.tools.kubectl.clone());
        let forge_pages = self.forge_pages(step, &engine).await;
        self.harness.set(Arc::new(Harness {
            run: session.run.clone(),
            engine,
            cgroup_v1,
            topology: self.topology(),
            parts,
            forge_pages,
            ci,
            cache: session.cache.clone(),
            account,
            http: harness::http()?,
        }))
    }

    /// Removes what an earlier run left, and makes the network.
    pub(super) async fn network(&self, step: &StepHandle) -> Result<()> {
        let (session, harness) = (self.session, self.harness.get()?);
        let removed = teardown::remove(&harness.run, &harness.engine, &harness.cache, step).await?;
        if !removed.is_empty() {
            session.progress.say(&format!(
                "removed what an earlier run left: {}",
                removed.join(", ")
            ));
        }
        self.save(None)?;
        session.touched.store(true, Ordering::SeqCst);
        self.network.set(Network::ensure(harness).await?)
    }

    /// Makes the cluster of an environment, ready for Argo CD.
    pub(super) async fn cluster(&self, environment: Environment, step: &StepHandle) -> Result<()> {
        let (harness, network) = (self.harness.get()?, self.network.get()?);
        let ports = if environment == Environment::hub() {
            Ports::of_hub()?
        } else {
            Ports::free()?
        };
        let cluster = cluster::create(harness, network, environment, &ports, step).await?;
        self.cluster_of(environment)?.set(cluster)
    }

    /// Makes the nodes of an environment's cluster, as far as they find each other.
    pub(super) async fn nodes(&self, environment: Environment, step: &StepHandle) -> Result<()> {
        let (harness, network) = (self.harness.get()?, self.network.get()?);
        let nodes = cluster::nodes(harness, network, environment, &Ports::free()?, step).await?;
        nodes.find_each_other(harness).await
    }

    /// Starts forge and AWS emulator.
    pub(super) async fn world(&self, step: &StepHandle) -> Result<()> {
        let (harness, network) = (self.harness.get()?, self.network.get()?);
        let layout = self.session.options.layout.unwrap_or_default();
        let world = world::bring_up(harness, network, layout, self.topology(), step).await?;
        self.world.set(World {
            readers: self.session.readers,
            ..world
        })
    }

    /// Compiles and starts what stands between the clusters and the AWS emulator.
    pub(super) async fn iam_proxy(&self, step: &StepHandle) -> Result<()> {
        let (harness, network) = (self.harness.get()?, self.network.get()?);
        let proxy = &self.world.get()?.iam_proxy;
        step.doing("compile it");
        let program = iam_proxy::compile(harness, self.session.options.missing()).await?;
        iam_proxy::start(harness, network, proxy, &program, step).await
    }

    /// Makes roles trust the accounts of an environment's cluster.
    pub(super) async fn identities(&self, environment: Environment) -> Result<()> {
        let (harness, cluster) = (self.harness.get()?, self.cluster_of(environment)?.get()?);
        if environment == Environment::hub() {
            fleet::login::of_hub(harness, cluster).await?;
        }
        iam_proxy::trust(harness, cluster).await
    }

    /// Starts the CI, and has it build and propose what is under test.
    pub(super) async fn first_images(&self, step: &StepHandle) -> Result<()> {
        let ci = first_release(step, self.harness.get()?, self.world.get()?).await?;
        self.ci.set(ci)
    }

    /// Installs Argo CD in an environment's cluster.
    pub(super) async fn argocd(&self, environment: Environment, step: &StepHandle) -> Result<()> {
        let cluster = self.cluster_of(environment)?.get()?;
        argocd::install(self.harness.get()?, cluster, self.world.get()?, step).await
    }

    /// Installs the admission controller there.
    pub(super) async fn admission(&self, environment: Environment, step: &StepHandle) -> Result<()> {
        let cluster = self.cluster_of(environment)?.get()?;
        let signing = self.world.get()?.signing.as_ref();
        let signing = signing.context("nothing is signed, so no signature can be asked for")?;
        admission::install(self.harness.get()?, cluster, signing, step).await
    }

    // wing: addons
    /// Does what add-ons need that Git cannot.
    pub(super) async fn addons(&self, step: &StepHandle) -> Result<()> {
        let cluster = self.cluster_of(addons::environment())?.get()?;
        addons::prepare(self.harness.get()?, cluster, step).await
    }
    // end of wing

    /// Hands all clusters over to what Git says, and notes that they are up.
    pub(super) async fn root(&self, _: &StepHandle) -> Result<()> {
        let (harness, world) = (self.harness.get()?, self.world.get()?);
        let clusters = self.targets()?;
        let hub = match world.topology {
            Topology::Each => {
                let manifests = repositories::manifests(harness, world);
                let apply = clusters
                    .iter()
                    .map(|cluster| argocd::apply_root(harness, &manifests, cluster));
                try_join_all(apply).await?;
                None
            }
            Topology::Hub => {
                argocd::apply_clusters(harness, self.hub.get()?).await?;
                Some(self.hub.get()?.state())
            }
        };
        self.save(Some(Up {
            hub,
            ci: self.session.options.system(),
            world: world.clone(),
            clusters: clusters.into_iter().map(Cluster::state).collect(),
        }))
    }

    /// Lets the hub log in to the cluster of an environment, with its rights there.
    pub(super) async fn target(&self, environment: Environment, step: &StepHandle) -> Result<()> {
        fleet::prepare(self.harness.get()?, self.cluster_of(environment)?.get()?, step).await
    }

    /// Builds the image of what reads the tags of clusters.
    pub(super) async fn controller(&self, step: &StepHandle) -> Result<()> {
        let digest = fleet::image(self.harness.get()?, self.world.get()?, step).await?;
        self.clusterset.set(digest)
    }

    /// Makes all clusters targets of the hub, by their tags.
    pub(super) async fn join(&self, step: &StepHandle) -> Result<()> {
        let (harness, world) = (self.harness.get()?, self.world.get()?);
        let (hub, digest) = (self.hub.get()?, self.clusterset.get()?.clone());
        let fleet = Fleet::start(harness, world, hub, digest, &self.targets()?, step).await?;
        self.fleet.set(fleet)
    }

    /// Notes what is up, for the commands that follow.
    fn save(&self, up: Option<Up>) -> Result<()> {
        let session = self.session;
        let state = State {
            run: session.run.id.clone(),
            folder: session.run.path.clone(),
            engine: session.engine.get().map(Engine::kind),
            up,
        };
        state.save(&session.cache)
    }
}

/// All that is missing at once: what the supply has found, and this.
pub(super) fn and_lacking(ready: Result<()>, fault: Option<Fault>) -> Result<()> {
    let Some(fault) = fault else {
        return ready;
    };
    let mut faults = match ready.map_err(anyhow::Error::downcast::<SupplyError>) {
        Ok(()) => Vec::new(),
        Err(Ok(SupplyError::Missing(faults))) => faults,
        Err(Ok(other)) => return Err(other.into()),
        Err(Err(other)) => return Err(other),
    };
    faults.push(fault);
    Err(SupplyError::Missing(faults).into())
}
