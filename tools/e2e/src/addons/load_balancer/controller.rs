//! The controller: follows the Ingress and the pods behind it, as that of AWS does, and writes the
//! load balancer's name into the Ingress' status.

use std::collections::BTreeMap;
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

/// The controller's knowledge, and the load balancer that it made.
pub(super) struct Controller {
    ingresses: Api<Ingress>,
    slices: Api<EndpointSlice>,
    place: Place,
    serving: Option<(Asked, HaProxy)>,
    slots: BTreeMap<usize, (SocketAddrV4, Going)>,
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
            slots: BTreeMap::new(),
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
            self.slots.clear();
            return Ok(());
        };
        let asked = Asked::of(&ingress)?;
        if self.serving.as_ref().is_none_or(|(before, _)| *before != asked) {
            // The ports are free again before the next one wants them.
            self.serving = None;
            self.slots.clear();
            self.serving = Some((asked.clone(), HaProxy::start(&self.place, &asked)?));
        }
        self.follow_pods(&asked).await?;
        self.say_name(&ingress, &asked).await
    }

    async fn follow_pods(&mut self, asked: &Asked) -> Result<()> {
        let of_service =
            ListParams::default().labels(&format!("kubernetes.io/service-name={}", asked.service));
        let slices = self.slices.list(&of_service).await;
        let there = targets(&slices.context("list the endpoints")?.items, &asked.port);
        let Some((_, haproxy)) = &self.serving else {
            return Ok(());
        };
        for target in &there {
            if self.slots.values().any(|(known, _)| known == target) {
                continue;
            }
            let free = (0..SLOTS).find(|slot| !self.slots.contains_key(slot));
            let slot = free.context("there are more pods than were expected")?;
            haproxy.register(slot, *target)?;
            self.slots.insert(slot, (*target, Going::Stays));
        }
        let mut gone = Vec::new();
        for (slot, (target, going)) in &mut self.slots {
            match *going {
                _ if there.contains(target) => {
                    if !matches!(going, Going::Stays) {
                        haproxy.register(*slot, *target)?;
                        *going = Going::Stays;
                    }
                }
                Going::Stays => *going = Going::Leaves(Instant::now()),
                Going::Leaves(since) if since.elapsed() >= HEARD => {
                    haproxy.drain(*slot)?;
                    *going = Going::Drains(Instant::now());
                }
                Going::Drains(since) if since.elapsed() >= Duration::from_secs(asked.let_go.into()) => {
                    haproxy.forget(*slot)?;
                    gone.push(*slot);
                }
                Going::Leaves(_) | Going::Drains(_) => {}
            }
        }
        self.slots.retain(|slot, _| !gone.contains(slot));
        Ok(())
    }

    async fn say_name(&self, ingress: &Ingress, asked: &Asked) -> Result<()> {
        let status = ingress.status.as_ref();
        let points = status.and_then(|status| status.load_balancer.as_ref()?.ingress.as_ref());
        let mut said = points.into_iter().flatten();
        if said.any(|point| point.hostname.as_deref() == Some(HOSTNAME)) {
            return Ok(());
        }
        let status = json!({ "status": { "loadBalancer": { "ingress": [{ "hostname": HOSTNAME }] } } });
        let (params, status) = (PatchParams::default(), Patch::Merge(status));
        let patched = self.ingresses.patch_status(&asked.name, &params, &status);
        patched.await.map(drop).context("write the status of the Ingress")
    }
}
