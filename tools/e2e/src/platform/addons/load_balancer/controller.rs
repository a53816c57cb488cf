//! The controller: follows the Ingress and the pods behind it, as that of AWS does, and writes the
//! load balancer's name into the Ingress' status.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;
use std::{fs, io::Write as _};

use anyhow::{Context as _, Result};
use child_process::log;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use super::asked::{Asked, targets};
use super::haproxy::Place;
use super::routes::{self, Port, Route};
use super::serving::{Serving, Turn};
use super::{CLASS, HOSTNAME};
use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::host::process::Tool;
use crate::run::Harness;

const INSPECT: Duration = Duration::from_secs(20);

/// The controller's knowledge, and the load balancer that it made.
pub(super) struct Controller {
    ingresses: Api<Ingress>,
    services: Api<Service>,
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
            services: Api::namespaced(cluster.client.clone(), NAMESPACE),
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
        self.serving = Some(serving);
        let mut routes = Vec::new();
        for route in routes::of(&ingress)? {
            let pods = self.pods(&route).await?;
            routes.push((route, pods));
        }
        if let Some(serving) = &mut self.serving {
            serving.follow(&routes)?;
        }
        self.say_name(&ingress, &asked.name).await
    }

    /// The pods behind a Service.
    async fn pods(&self, route: &Route) -> Result<BTreeSet<SocketAddrV4>> {
        let service = &route.service;
        let port = match &route.port {
            Port::Name(name) => name.clone(),
            Port::Number(number) => {
                let found = self.services.get(service).await;
                let found = found.with_context(|| format!("read the Service {service}"))?;
                let ports = found.spec.and_then(|spec| spec.ports).unwrap_or_default();
                let port = ports.into_iter().find(|port| port.port == *number);
                let name = port.and_then(|port| port.name);
                name.with_context(|| format!("the Service {service} has no port {number} with a name"))?
            }
        };
        let of_service = format!("kubernetes.io/service-name={service}");
        let slices = self.slices.list(&ListParams::default().labels(&of_service)).await;
        Ok(targets(&slices.context("list the endpoints")?.items, &port))
    }

    /// How requests were shared out, in the order of time.
    pub(super) fn turns(&self) -> Vec<Turn> {
        let serving = self.serving.as_ref();
        serving.map(|serving| serving.turns.clone()).unwrap_or_default()
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
