//! How people come to what a cluster runs: to each app and to Argo CD by a port of this machine.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use project::App;

use super::{ARGOCD_PORT, Cluster};
use crate::{
    environment::{API, PAGE, project},
    host::ports,
};

/// By which ports of this machine a cluster is reached.
#[derive(Debug)]
pub(crate) struct Ports {
    /// Of each app that visitors come to.
    sites: Vec<(&'static App, u16)>,
    /// Of Argo CD's interface.
    argocd: u16,
    /// Of the API server.
    pub(super) api_server: u16,
}

impl Ports {
    /// Free ones for a cluster that apps run in.
    pub(crate) fn free() -> Result<Self> {
        let apps = project().apps().iter();
        let apps: Vec<_> = apps.filter(|app| app.node_port().is_some()).collect();
        Self::free_for(apps)
    }

    /// A free one for the hub, which nobody visits but for its Argo CD.
    pub(crate) fn of_hub() -> Result<Self> {
        Self::free_for(Vec::new())
    }

    fn free_for(apps: Vec<&'static App>) -> Result<Self> {
        let mut ports = ports::free(apps.len() + 2)?;
        let mut one_more = || ports.pop().context("two ports more than there are apps");
        let (argocd, api_server) = (one_more()?, one_more()?);
        let sites = apps.into_iter().zip(ports).collect();
        Ok(Self {
            sites,
            argocd,
            api_server,
        })
    }

    /// The ports of the node, and those of this machine that lead there.
    pub(super) fn mapped(&self) -> Vec<(u16, u16)> {
        let sites = self.sites.iter();
        let sites = sites.filter_map(|(app, port)| Some((app.node_port()?, *port)));
        sites.chain([(ARGOCD_PORT, self.argocd)]).collect()
    }

    /// `http://127.0.0.1:<port>` of each app, by its name.
    pub(super) fn sites(&self) -> BTreeMap<String, String> {
        let address = |(app, port): &(&App, u16)| (app.name().to_owned(), of_port(*port));
        self.sites.iter().map(address).collect()
    }

    /// The same of Argo CD.
    pub(super) fn argocd(&self) -> String {
        of_port(self.argocd)
    }
}

fn of_port(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

impl Cluster {
    /// `http://127.0.0.1:<port>` of an app.
    ///
    /// # Panics
    ///
    /// If the app is none that visitors come to: a scenario names one of the sample's.
    pub(crate) fn site(&self, app: &str) -> &str {
        let site = self.sites.get(app);
        site.unwrap_or_else(|| panic!("project.toml gives `{app}` no node-port"))
    }

    /// Where people look.
    pub(crate) fn page(&self) -> &str {
        self.site(PAGE)
    }

    /// Where programs ask.
    pub(crate) fn api(&self) -> &str {
        self.site(API)
    }

    /// Where people look at the Argo CD that manages it.
    pub(crate) fn argocd_page(&self) -> &str {
        &self.argocd().argocd_site
    }

    /// The ports again, for a cluster in its place; what leads to its API server is written anew.
    pub(crate) fn same_ports(&self) -> Result<Ports> {
        let port = |address: &str| {
            let port = address.rsplit(':').next().and_then(|port| port.parse().ok());
            port.with_context(|| format!("{address} names no port"))
        };
        let sites = self.sites.iter();
        let sites = sites.map(|(app, site)| Ok((project().app(app)?, port(site)?)));
        Ok(Ports {
            sites: sites.collect::<Result<_>>()?,
            argocd: port(&self.argocd_site)?,
            api_server: ports::free(1)?[0],
        })
    }
}
