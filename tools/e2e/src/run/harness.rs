//! What the harness itself has before anything runs in a container: tools, settings, and a folder.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};

use crate::{
    run::{run_dir::RunDir, topology::Topology},
    world::account::Account,
};

/// What is known before anything runs in a container. Shared (`Arc`), because the CI outlives the
/// step that starts it.
pub(crate) struct Harness {
    pub(crate) run: RunDir,
    pub(crate) engine: supply::engine::Engine,
    /// Whether nodes run on cgroup v1, which a kubelet refuses unless it is told otherwise.
    pub(crate) cgroup_v1: bool,
    /// Whether a hub logs in to the clusters.
    pub(crate) topology: Topology,
    pub(crate) parts: supply::Parts,
    /// Styles and scripts of the forge's pages, where its image has none and a person is to look at
    /// them.
    pub(crate) forge_pages: Option<PathBuf>,
    /// Whose CI file is carried out, and by what.
    pub(crate) ci: pipelines::Runner,
    pub(crate) cache: supply::cache::Cache,
    pub(crate) account: Account,
    /// For everything on this machine: no proxy, short connect timeout.
    pub(crate) http: reqwest::Client,
}

/// A client for everything on this machine. A connection of its own for each question: one that is
/// kept would stay with a pod that is ending.
pub(crate) fn http() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(20))
        .build()
        .context("make an HTTP client")
}
