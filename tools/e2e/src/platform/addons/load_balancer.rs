//! What stands in for the load balancer of AWS and its controller: `HAProxy` in the network of a
//! node, where it reaches pods as a load balancer reaches them in a VPC, and a task that tells it
//! which there are.
//!
//! docs/ADDONS.md says what differs from AWS.

mod asked;
mod controller;
mod haproxy;
mod routes;
mod serving;
mod visit;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use self::controller::Controller;
pub(crate) use self::serving::Turn;
pub(crate) use self::visit::{Visitors, Visits};
use crate::cluster::Cluster;
use crate::run::Testbed;

/// The class of its Ingresses, as infra/addons/load-balancer/cluster has it.
pub(crate) const CLASS: &str = "alb";
/// What it is called, as AWS calls its own.
pub(crate) const HOSTNAME: &str = "k8s-board-1.eu-central-1.elb.amazonaws.com";
/// Between two looks at the cluster.
const EVERY: Duration = Duration::from_millis(200);

/// Whether this process may start one: only root may in the network of a node.
pub(crate) fn is_allowed() -> bool {
    rustix::process::geteuid().is_root()
}

/// Both parts. Dropping it ends them.
pub(crate) struct LoadBalancer {
    controller: Arc<Mutex<Controller>>,
    at_work: JoinSet<()>,
    pub(crate) visitors: Visitors,
}

impl LoadBalancer {
    /// Starts the controller, for a page that will have this name.
    pub(crate) async fn start(testbed: &Testbed, cluster: &Cluster, host: &str) -> Result<Self> {
        crate::host::haproxy::is_installed()?;
        let address = node(cluster).await?;
        let certified = rcgen::generate_simple_self_signed([host.to_owned()]);
        let certified = certified.context("make a certificate")?;
        let pem = format!(
            "{}{}",
            certified.cert.pem(),
            certified.signing_key.serialize_pem()
        );
        let controller = Controller::new(&testbed.harness, cluster, address, &pem).await?;
        let mut balancer = Self {
            controller: Arc::new(Mutex::new(controller)),
            at_work: JoinSet::new(),
            visitors: Visitors::new(host, address, certified.cert.der())?,
        };
        balancer.controller_back();
        Ok(balancer)
    }

    /// The controller ends; the load balancer goes on with what it was told.
    pub(crate) async fn controller_away(&mut self) {
        self.at_work.shutdown().await;
    }

    /// It is there again.
    pub(crate) fn controller_back(&mut self) {
        let controller = Arc::clone(&self.controller);
        self.at_work.spawn(async move {
            let mut clock = tokio::time::interval(EVERY);
            clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                clock.tick().await;
                controller.lock().await.round().await;
            }
        });
    }

    /// How requests were shared out among Services, in the order of time.
    pub(crate) async fn turns(&self) -> Vec<Turn> {
        self.controller.lock().await.turns()
    }

    /// What stands in its way.
    pub(crate) async fn problem(&self) -> Option<String> {
        self.controller.lock().await.problem.clone()
    }
}

/// The node in whose network it stands.
async fn node(cluster: &Cluster) -> Result<Ipv4Addr> {
    let endpoint = cluster.endpoint().await?;
    let host = endpoint.trim_start_matches("https://").split(':').next();
    let host = host.context("the API server has an address")?;
    host.parse().with_context(|| format!("{host} is no address"))
}
