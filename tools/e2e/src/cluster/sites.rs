//! How visitors come to the apps of a cluster: each by a port of this machine.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use project::App;

use super::Cluster;
use crate::{
    environment::{API, PAGE, project},
    ports,
};

/// An app that visitors come to, and by which port of this machine.
pub(crate) type Site = (&'static App, u16);

/// A free port for each app that visitors come to.
pub(crate) fn sites() -> Result<Vec<Site>> {
    let apps = project().apps().iter();
    let apps: Vec<_> = apps.filter(|app| app.node_port().is_some()).collect();
    let ports = ports::free(apps.len())?;
    Ok(apps.into_iter().zip(ports).collect())
}

/// The ports of the node, and of this machine.
pub(super) fn ports(sites: &[Site]) -> Vec<(u16, u16)> {
    let ports = sites
        .iter()
        .filter_map(|(app, port)| Some((app.node_port()?, *port)));
    ports.collect()
}

/// `http://127.0.0.1:<port>` of each, by its name.
pub(super) fn addresses(sites: &[Site]) -> BTreeMap<String, String> {
    let address = |(app, port): &Site| (app.name().to_owned(), format!("http://127.0.0.1:{port}"));
    sites.iter().map(address).collect()
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

    /// The sites again, for a cluster in its place.
    pub(crate) fn same_sites(&self) -> Result<Vec<Site>> {
        let port = |site: &str| site.rsplit(':').next().and_then(|port| port.parse().ok());
        let sites = self.sites.iter().map(|(app, site)| {
            let port = port(site).with_context(|| format!("{site} names no port"))?;
            Ok((project().app(app)?, port))
        });
        sites.collect()
    }
}
