//! Which Argo CD manages a cluster, and what the Applications of a cluster are called there.

use std::fs;
use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use serde_json::Value;

use super::{ARGOCD_PORT, Cluster};
use crate::environment::Environment;

/// Argo CD of an environment as the forge's webhooks reach it.
pub(crate) fn argocd_url_for_forge(environment: Environment) -> String {
    format!("http://{}:{ARGOCD_PORT}", environment.control_plane())
}

impl Cluster {
    /// The same, managed from another cluster.
    pub(crate) fn managed_by(self, hub: &Self) -> Self {
        Self {
            hub: Some(Box::new(hub.clone())),
            ..self
        }
    }

    /// The cluster whose Argo CD manages it: itself, where there is no hub.
    pub(crate) fn argocd(&self) -> &Self {
        self.hub.as_deref().unwrap_or(self)
    }

    /// What the Application of an app is called.
    pub(crate) fn application(&self, app: &str) -> String {
        match &self.hub {
            Some(_) => format!("{app}{}", self.suffix()),
            None => app.to_owned(),
        }
    }

    /// The app of an Application, if it is one of this cluster's.
    pub(crate) fn app_of<'a>(&self, application: &'a str) -> Option<&'a str> {
        match &self.hub {
            Some(_) => application.strip_suffix(self.suffix().as_str()),
            None => Some(application),
        }
    }

    /// The Applications that there are besides those of apps.
    pub(crate) fn own_applications(&self) -> &'static [&'static str] {
        match &self.hub {
            Some(_) => &["platform"],
            None => &["root", "platform"],
        }
    }

    /// As in infra/clusters/applications.yaml.
    fn suffix(&self) -> String {
        format!("-{}", self.name)
    }

    /// The address of its API on the network of the nodes, which both this machine and pods of
    /// other clusters reach: the name of the node is known to containers only.
    pub(crate) async fn endpoint(&self) -> Result<String> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        let node = self.environment.control_plane();
        let status = nodes
            .get(&node)
            .await
            .with_context(|| format!("look at {node}"))?
            .status;
        let addresses = status.and_then(|status| status.addresses).unwrap_or_default();
        let mut addresses = addresses
            .into_iter()
            .filter(|address| address.type_ == "InternalIP");
        let address = addresses
            .next()
            .with_context(|| format!("{node} has no address"))?
            .address;
        let address: Ipv4Addr = address
            .parse()
            .with_context(|| format!("{node} is at {address}"))?;
        Ok(format!("https://{address}:6443"))
    }

    /// Who signs for that address, and the address that this machine uses: of the one cluster in
    /// its kubeconfig.
    pub(crate) fn access(&self) -> Result<(String, String)> {
        let path = self.kubeconfig.display();
        let text = fs::read_to_string(&self.kubeconfig).with_context(|| format!("read {path}"))?;
        let config: Value = serde_saphyr::from_str(&text).with_context(|| format!("understand {path}"))?;
        let cluster = &config["clusters"][0]["cluster"];
        let text = |key: &str| {
            let value = cluster[key].as_str().map(str::to_owned);
            value.with_context(|| format!("{} has no {key}", self.kubeconfig.display()))
        };
        Ok((text("certificate-authority-data")?, text("server")?))
    }
}
