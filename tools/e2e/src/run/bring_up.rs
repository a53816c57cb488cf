//! Every step from nothing to a [`Testbed`], with the time it may take and the steps it waits for.
//! The one page to read to know what a run does before its scenarios: these lists are what is
//! carried out, announced and counted.

mod actions;
mod attach;
mod context;
mod pages;
mod supplied;

use std::sync::Arc;

use anyhow::{Result, bail, ensure};

use crate::platform::addons; // wing: addons
use crate::{
    cli::options::Extent,
    environment::Environment,
    run::{Harness, Session, Step, Testbed, plan::Plan, saved_state::State, topology::Topology},
};
use context::BringUp;

const DOCTOR: Step = Step::new("doctor", "what this machine needs", 300);
const SUPPLY: Step = Step::new("supply", "tools and images", 2400);
pub(crate) const NETWORK: Step = Step::new("network", "leftovers, network", 120);
const WORLD: Step = Step::new("world", "forge and AWS", 180);
const IAM_PROXY: Step = Step::new("iam-proxy", "IAM proxy before the AWS", 900);
const FIRST_IMAGES: Step = Step::new("first-images", "first images by CI", 1800);
const ADDONS: Step = Step::new("addons", "what add-ons need of an administrator", 120); // wing: addons
const ROOT: Step = Step::new("root", "root applications", 60);
const CONTROLLER: Step = Step::new("controller", "controller of clusters", 1200);
const JOIN: Step = Step::new("join", "clusters join by their tags", 120);
const ATTACH: Step = Step::new("attach", "connect to what is up", 300);

/// The steps of one environment.
struct OfCluster {
    environment: Environment,
    create: Step,
    identities: Step,
    argocd: Step,
    admission: Step,
    target: Step,
}

impl OfCluster {
    fn all() -> Vec<Self> {
        Environment::all().iter().copied().map(Self::new).collect()
    }

    /// Those in which an Argo CD runs.
    fn with_argocd(topology: Topology) -> Vec<Self> {
        match topology {
            Topology::Each => Self::all(),
            Topology::Hub => vec![Self::new(Environment::hub())],
        }
    }

    fn new(environment: Environment) -> Self {
        // As long as the program, as the other steps.
        let step = |id: &str, title: &str, seconds| {
            Step::new(
                format!("{id}-{environment}").leak(),
                format!("{title} {environment}").leak(),
                seconds,
            )
        };
        Self {
            environment,
            create: step("cluster", "cluster", 240),
            identities: step("identities", "identities of", 60),
            argocd: step("argocd", "Argo CD", 300),
            admission: step("admission", "admission of images", 240),
            target: step("target", "rights of the hub in", 60),
        }
    }
}

/// What is needed before anything is started.
pub(crate) fn preparation<'s>() -> Plan<BringUp<'s>> {
    let mut plan: Plan<BringUp<'_>> = Plan::new();
    plan.add(DOCTOR, &[], |up, step| Box::pin(up.doctor(step)));
    plan.add(SUPPLY, &[DOCTOR.id], |up, step| Box::pin(up.supply(step)));
    plan
}

/// All of it. A cluster goes on to its Argo CD without waiting for the others, and the CI builds
/// while the clusters start. The admission controller and add-ons come if they were asked for.
pub(crate) fn everything<'s>(extent: Extent) -> Plan<BringUp<'s>> {
    let topology = extent.topology;
    let mut plan = preparation();
    plan.add(NETWORK, &[SUPPLY.id], |up, step| Box::pin(up.network(step)));
    let clusters = OfCluster::all();
    let with_argocd = OfCluster::with_argocd(topology);
    let mut first = NETWORK.id;
    if topology == Topology::Hub {
        // Before the others, because its Argo CD takes the longest, and waits more than it works.
        let hub = Environment::hub();
        plan.add(with_argocd[0].create, &[NETWORK.id], move |up, step| {
            Box::pin(up.cluster(hub, step))
        });
        first = with_argocd[0].create.id;
    }
    for OfCluster {
        environment, create, ..
    } in &clusters
    {
        let environment = *environment;
        plan.add(*create, &[first], move |up, step| {
            Box::pin(up.cluster(environment, step))
        });
    }
    plan.add(WORLD, &[NETWORK.id], |up, step| Box::pin(up.world(step)));
    plan.add(IAM_PROXY, &[WORLD.id], |up, step| Box::pin(up.iam_proxy(step)));
    plan.add(FIRST_IMAGES, &[WORLD.id], |up, step| {
        Box::pin(up.first_images(step))
    });
    for OfCluster {
        environment,
        create,
        identities,
        ..
    } in clusters
        .iter()
        .chain(with_argocd.iter().filter(|_| topology == Topology::Hub))
    {
        let environment = *environment;
        plan.add(*identities, &[create.id, IAM_PROXY.id], move |up, _| {
            Box::pin(up.identities(environment))
        });
    }
    for OfCluster {
        environment,
        create,
        argocd,
        ..
    } in &with_argocd
    {
        let environment = *environment;
        plan.add(*argocd, &[create.id, WORLD.id], move |up, step| {
            Box::pin(up.argocd(environment, step))
        });
    }
    for OfCluster {
        environment,
        create,
        admission,
        ..
    } in clusters.iter().filter(|_| extent.admission)
    {
        let environment = *environment;
        plan.add(*admission, &[create.id, WORLD.id], move |up, step| {
            Box::pin(up.admission(environment, step))
        });
    }
    if topology == Topology::Hub {
        targets(&mut plan);
    }
    // wing: addons
    if extent.addons {
        let of = with_argocd
            .iter()
            .find(|of| of.environment == addons::environment());
        let needed = of.map_or(FIRST_IMAGES.id, |of| of.argocd.id);
        plan.add(ADDONS, &[needed], |up, step| Box::pin(up.addons(step)));
    }
    // end of wing
    let all = plan.ids();
    plan.add(ROOT, &all, |up, step| Box::pin(up.root(step)));
    if topology == Topology::Hub {
        plan.add(JOIN, &[ROOT.id], |up, step| Box::pin(up.join(step)));
    }
    plan
}

/// What clusters need before they can join a hub.
fn targets(plan: &mut Plan<BringUp<'_>>) {
    plan.add(CONTROLLER, &[WORLD.id], |up, step| Box::pin(up.controller(step)));
    for OfCluster {
        environment,
        create,
        target,
        ..
    } in OfCluster::all()
    {
        plan.add(target, &[create.id, WORLD.id], move |up, step| {
            Box::pin(up.target(environment, step))
        });
    }
}

/// The clusters and nothing else, as far as their nodes find each other.
pub(crate) fn nodes<'s>() -> Plan<BringUp<'s>> {
    let mut plan = preparation();
    plan.add(NETWORK, &[SUPPLY.id], |up, step| Box::pin(up.network(step)));
    for OfCluster {
        environment, create, ..
    } in OfCluster::all()
    {
        plan.add(create, &[NETWORK.id], move |up, step| {
            Box::pin(up.nodes(environment, step))
        });
    }
    plan
}

/// To what an earlier command left running.
pub(crate) fn connection<'s>() -> Plan<BringUp<'s>> {
    let mut plan = preparation();
    plan.add(ATTACH, &[SUPPLY.id], |up, step| Box::pin(up.attach(step)));
    plan
}

/// Finds or supplies what is needed before anything is started.
pub(crate) async fn harness(session: &Session, admission: bool) -> Result<Arc<Harness>> {
    let up = BringUp::new(session, admission);
    preparation().carry_out(&session.progress, &up).await?;
    up.harness.get().cloned()
}

/// Brings everything up. What an earlier run left is removed first, whether it was killed or told
/// to keep it.
pub(crate) async fn up(session: &Session) -> Result<Testbed> {
    let extent = session.options.extent();
    // wing: addons
    ensure!(
        !extent.addons || extent.topology == Topology::Each,
        "add-ons are for clusters with an Argo CD of their own; leave out `--addons`, or `--topology hub`"
    );
    // end of wing
    let up = BringUp::new(session, extent.admission);
    let plan = everything(extent);
    plan.carry_out(&session.progress, &up).await?;
    up.testbed()
}

/// Brings up the clusters and nothing else.
pub(crate) async fn clusters(session: &Session) -> Result<()> {
    nodes()
        .carry_out(&session.progress, &BringUp::new(session, false))
        .await
}

/// Connects to what `up` left running.
pub(crate) async fn attach(session: &Session) -> Result<Testbed> {
    let Some(standing) = State::load(&session.cache)?.and_then(|state| state.up) else {
        bail!("nothing is up, or only a part of it; run `cargo xtask e2e up` first");
    };
    if let Some(asked) = session.options.layout {
        ensure!(
            asked == standing.world.layout,
            "what is up has another layout; leave `--layout` out, or run `cargo xtask e2e down` first"
        );
    }
    let up = BringUp::onto(session, standing);
    connection().carry_out(&session.progress, &up).await?;
    up.testbed()
}

#[cfg(test)]
mod tests;
