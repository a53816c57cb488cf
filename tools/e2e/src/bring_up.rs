//! Every step from nothing to a [`Testbed`], with the time it may take and the steps it waits for.
//! The one page to read to know what a run does before its scenarios: these lists are what is
//! carried out, announced and counted.

mod actions;
mod context;

use std::sync::Arc;

use anyhow::{Result, bail, ensure};

use crate::{
    environment::Environment, harness::Harness, plan::Plan, session::Session, state::State, step::Step,
    testbed::Testbed, topology::Topology,
};
use context::BringUp;

const DOCTOR: Step = Step::new("doctor", "what this machine needs", 300);
const SUPPLY: Step = Step::new("supply", "tools and images", 2400);
pub(crate) const NETWORK: Step = Step::new("network", "leftovers, network", 120);
const WORLD: Step = Step::new("world", "forge and AWS", 180);
const IAM_PROXY: Step = Step::new("iam-proxy", "IAM proxy before the AWS", 900);
const FIRST_IMAGES: Step = Step::new("first-images", "first images by CI", 1800);
const ROOT: Step = Step::new("root", "root applications", 60);
const CONTROLLER: Step = Step::new("controller", "controller of clusters", 1200);
const JOIN: Step = Step::new("join", "clusters join by their tags", 120);
const ATTACH: Step = Step::new("attach", "connect to what is up", 60);

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
/// while the clusters start. The admission controller is installed if it was asked for.
pub(crate) fn everything<'s>(admission: bool, topology: Topology) -> Plan<BringUp<'s>> {
    let mut plan = preparation();
    plan.add(NETWORK, &[SUPPLY.id], |up, step| Box::pin(up.network(step)));
    let clusters = OfCluster::all();
    let with_argocd = OfCluster::with_argocd(topology);
    if topology == Topology::Hub {
        // First, because its Argo CD takes the longest.
        let hub = Environment::hub();
        plan.add(with_argocd[0].create, &[NETWORK.id], move |up, step| {
            Box::pin(up.cluster(hub, step))
        });
    }
    for OfCluster {
        environment, create, ..
    } in &clusters
    {
        let environment = *environment;
        plan.add(*create, &[NETWORK.id], move |up, step| {
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
    } in &clusters
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
    } in clusters.iter().filter(|_| admission)
    {
        let environment = *environment;
        plan.add(*admission, &[create.id, WORLD.id], move |up, step| {
            Box::pin(up.admission(environment, step))
        });
    }
    if topology == Topology::Hub {
        targets(&mut plan);
    }
    let all = plan.ids();
    plan.add(ROOT, &all, |up, step| Box::pin(up.root(step)));
    if topology == Topology::Hub {
        plan.add(JOIN, &[ROOT.id], |up, step| Box::pin(up.join(step)));
    }
    plan
}

/// What clusters need before they can join a hub.
fn targets(plan: &mut Plan<BringUp<'_>>) {
    plan.add(CONTROLLER, &[NETWORK.id], |up, step| {
        Box::pin(up.controller(step))
    });
    for OfCluster {
        environment,
        create,
        target,
        ..
    } in OfCluster::all()
    {
        plan.add(target, &[create.id], move |up, step| {
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
    let admission = session.options.admission;
    let up = BringUp::new(session, admission);
    let plan = everything(admission, session.options.topology());
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
mod tests {
    use super::*;

    fn titles(plan: &Plan<BringUp<'_>>) -> Vec<String> {
        let rows = plan.rows().into_iter();
        rows.map(|row| row.iter().map(|step| step.title).collect::<Vec<_>>().join(" ∥ "))
            .collect()
    }

    #[test]
    fn all_that_can_goes_on_side_by_side() {
        let of_each = |what: &str| {
            let each = Environment::all()
                .iter()
                .map(|environment| format!("{what} {environment}"));
            each.collect::<Vec<_>>().join(" ∥ ")
        };
        let (clusters, argocd) = (of_each("cluster"), of_each("Argo CD"));
        let mut rows = vec![
            "what this machine needs".to_owned(),
            "tools and images".to_owned(),
            "leftovers, network".to_owned(),
            format!(
                "{clusters} ∥ forge and AWS ∥ IAM proxy before the AWS ∥ first images by CI ∥ {} ∥ {argocd}",
                of_each("identities of")
            ),
            "root applications".to_owned(),
        ];
        assert_eq!(titles(&everything(false, Topology::Each)), rows);
        rows[3] = format!("{} ∥ {}", rows[3], of_each("admission of images"));
        assert_eq!(titles(&everything(true, Topology::Each)), rows);
        assert_eq!(titles(&nodes())[3..], [clusters]);
        assert_eq!(titles(&connection())[2..], ["connect to what is up"]);
    }

    #[test]
    fn a_hub_has_the_only_argo_cd_and_the_others_join_at_the_end() {
        let rows = titles(&everything(false, Topology::Hub));
        assert!(rows[3].starts_with("cluster hub ∥ "), "{rows:?}");
        assert_eq!(rows[3].matches("Argo CD").count(), 1, "{rows:?}");
        let rights = rows[3].matches("rights of the hub").count();
        assert_eq!(rights, Environment::all().len(), "{rows:?}");
        assert_eq!(rows[4..], ["root applications", "clusters join by their tags"]);
    }
}
