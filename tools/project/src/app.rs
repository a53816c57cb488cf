//! A product that is released as an image.

use std::fmt;

use serde::Deserialize;

use crate::Environment;

/// What an app is to the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Serves pages to people.
    Web,
    /// Serves other programs.
    Api,
    /// Works without being asked; nothing connects to it.
    Worker,
    /// Runs at given times and ends.
    Cron,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Web, Self::Api, Self::Worker, Self::Cron];

    /// As the file has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Api => "api",
            Self::Worker => "worker",
            Self::Cron => "cron",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether others reach it by a Service.
    pub fn has_service(self) -> bool {
        matches!(self, Self::Web | Self::Api)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the crates of apps lie that were made from a template.
pub const MADE: &str = "apps/";

/// One of `[[apps]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct App {
    pub(crate) name: String,
    kind: Kind,
    pub(crate) package: String,
    browser_package: Option<String>,
    pub(crate) folder: String,
    #[serde(default)]
    migrates: bool,
    pub(crate) node_port: Option<u16>,
}

impl App {
    /// Its name, which its image, its Application and its Deployment have too.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is to the cluster.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The Cargo package of its program, which has the same name.
    pub fn package(&self) -> &str {
        &self.package
    }

    /// The Cargo package that is compiled for the browser, if pages of it have code of their own.
    pub fn browser_package(&self) -> Option<&str> {
        self.browser_package.as_deref()
    }

    /// Its folder in the repository: that of `Containerfile` and, if it has pages, of `public/`.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Whether it was made from a template.
    pub fn is_made(&self) -> bool {
        self.folder.starts_with(MADE)
    }

    /// Whether a Job migrates its data before each release.
    pub fn migrates(&self) -> bool {
        self.migrates
    }

    /// The port of its Service on the nodes of the local clusters, as in `infra/local`.
    pub fn node_port(&self) -> Option<u16> {
        self.node_port
    }

    /// Where its image is built: a file in its folder.
    pub fn containerfile(&self) -> String {
        format!("{}/Containerfile", self.folder)
    }

    /// The folder of its manifests that all environments have.
    pub fn base(&self) -> String {
        format!("infra/{}/base", self.name)
    }

    /// The folder of its manifests for an environment.
    pub fn manifests(&self, environment: &Environment) -> String {
        format!("infra/{}/overlays/{environment}", self.name)
    }

    /// The file in which the image of an environment is pinned.
    pub fn overlay(&self, environment: &Environment) -> String {
        format!("{}/kustomization.yaml", self.manifests(environment))
    }
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
