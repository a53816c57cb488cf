//! The controller: follows the Ingress and the pods behind it, as that of AWS does, and writes the
//! load balancer's name into the Ingress' status.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};
use std::{fs, io::Write as _};

use anyhow::{Context as _, Result};
use child_process::log;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use super::asked::{Asked, targets};
use super::haproxy::{HaProxy, Place, SLOTS};
use super::{CLASS, HOSTNAME};
use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::harness::Harness;
use crate::process::Tool;

const INSPECT: Duration = Duration::from_secs(20);
/// So long AWS takes until a load balancer does what its controller was told, taken as long: a pod
/// that ends still gets requests.
const HEARD: Duration = Duration::from_secs(5);

/// Where a pod is on its way out.
#[derive(Debug, Clone, Copy)]
enum Going {
    Stays,
    /// Since it is no endpoint.
    Leaves(Instant),
    /// Since it gets no new requests.
    Drains(Instant),
}

/// A load balancer that was made as an Ingress asks, and the pods that it knows.
struct Serving {
    asked: Asked,
    haproxy: HaProxy,
    slots: BTreeMap<usize, (SocketAddrV4, Going)>,
}

/// The controller's knowledge, and the load balancer that it made.
pub(super) struct Controller {
    ingresses: Api<Ingress>,
    slices: Api<EndpointSlice>,
    place: Place,
    serving: Option<Serving>,
    /// Why the last round failed.
    pub(super) problem: Option<String>,
}

impl Controller {
    pub(super) async fn new(
        harness: &Harness,
        cluster: &Cluster,
        address: Ipv4Addr,
        pem: &str,
    ) -> Result<Self> {
        let node = cluster.environment.control_plane();
        let log = harness.run.log("load-balancer");
        let inspect = ["inspect", "--format", "{{.State.Pid}}", &node];
        let process = Tool::of_engine(&harness.engine, inspect, &log, INSPECT)?.read();
        let process = process.await.with_context(|| format!("look at {node}"))?;
        let folder = harness.run.empty("load-balancer")?;
        let place = Place {
            process,
            address,
            folder,
            log,
        };
        let certificate = place.certificate();
        fs::write(&certificate, pem).with_context(|| format!("write {}", certificate.display()))?;
        Ok(Self {
            ingresses: Api::namespaced(cluster.client.clone(), NAMESPACE),
            slices: Api::namespaced(cluster.client.clone(), NAMESPACE),
            place,
            serving: None,
            problem: None,
        })
    }

    /// Looks once, and does what is to be done. The next round tries again what failed.
    pub(super) async fn round(&mut self) {
        let outcome = self.reconcile().await;
        let problem = outcome.err().map(|error| format!("{error:#}"));
        if let (Some(problem), Ok(mut log)) = (&problem, log::open(&self.place.log)) {
            // Only for whoever looks later.
            let _ = writeln!(log, "{problem}");
        }
        self.problem = problem;
    }

    async fn reconcile(&mut self) -> Result<()> {
        let listed = self.ingresses.list(&ListParams::default()).await;
        let listed = listed.context("list the Ingresses")?;
        let ours = listed.items.into_iter().find(|ingress| {
            let class = ingress
                .spec
                .as_ref()
                .and_then(|spec| spec.ingress_class_name.as_deref());
            class == Some(CLASS)
        });
        let Some(ingress) = ours else {
            self.serving = None;
            return Ok(());
        };
        let asked = Asked::of(&ingress)?;
        let kept = self.serving.take().filter(|serving| serving.asked == asked);
        let serving = match kept {
            Some(kept) => kept,
            // The ports of the one before are free again.
            None => Serving::start(&self.place, asked.clone())?,
        };
        let serving = self.serving.insert(serving);
        let of_service = format!("kubernetes.io/service-name={}", asked.service);
        let slices = self.slices.list(&ListParams::default().labels(&of_service)).await;
        serving.follow(&targets(
            &slices.context("list the endpoints")?.items,
            &asked.port,
        ))?;
        self.say_name(&ingress, &asked.name).await
    }

    async fn say_name(&self, ingress: &Ingress, name: &str) -> Result<()> {
        let status = ingress.status.as_ref();
        let points = status.and_then(|status| status.load_balancer.as_ref()?.ingress.as_ref());
        let mut said = points.into_iter().flatten();
        if said.any(|point| point.hostname.as_deref() == Some(HOSTNAME)) {
            return Ok(());
        }
        let status = json!({ "status": { "loadBalancer": { "ingress": [{ "hostname": HOSTNAME }] } } });
        let (params, status) = (PatchParams::default(), Patch::Merge(status));
        let patched = self.ingresses.patch_status(name, &params, &status);
        patched.await.map(drop).context("write the status of the Ingress")
    }
}

impl Serving {
    fn start(place: &Place, asked: Asked) -> Result<Self> {
        Ok(Self {
            haproxy: HaProxy::start(place, &asked)?,
            asked,
            slots: BTreeMap::new(),
        })
    }

    /// Sends requests to these pods, and after a while to no others.
    fn follow(&mut self, there: &BTreeSet<SocketAddrV4>) -> Result<()> {
        for target in there {
            if self.slots.values().any(|(known, _)| known == target) {
                continue;
            }
            let free = (0..SLOTS).find(|slot| !self.slots.contains_key(slot));
            let slot = free.context("there are more pods than were expected")?;
            self.haproxy.register(slot, *target)?;
            self.slots.insert(slot, (*target, Going::Stays));
        }
        let let_go = Duration::from_secs(self.asked.let_go.into());
        let mut gone = Vec::new();
        for (slot, (target, going)) in &mut self.slots {
            match *going {
                Going::Stays if there.contains(target) => {}
                _ if there.contains(target) => {
                    self.haproxy.register(*slot, *target)?;
                    *going = Going::Stays;
                }
                Going::Stays => *going = Going::Leaves(Instant::now()),
                Going::Leaves(since) if since.elapsed() >= HEARD => {
                    self.haproxy.drain(*slot)?;
                    *going = Going::Drains(Instant::now());
                }
                Going::Drains(since) if since.elapsed() >= let_go => {
                    self.haproxy.forget(*slot)?;
                    gone.push(*slot);
                }
                Going::Leaves(_) | Going::Drains(_) => {}
            }
        }
        self.slots.retain(|slot, _| !gone.contains(slot));
        Ok(())
    }
}
