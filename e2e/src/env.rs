//! What a finished bring-up hands to the scenarios.

use std::sync::Arc;

use crate::{ci::Ci, cluster::Cluster, environment::Environment, run_dir::RunDir, world::World};

/// What is known before anything runs in a container. Shared (`Arc`), because the CI outlives the step that starts it.
pub(crate) struct Ground {
    pub(crate) run: RunDir,
    pub(crate) engine: supply::engine::Engine,
    pub(crate) parts: supply::Parts,
    /// Whose CI file is carried out, and by what.
    pub(crate) ci: pipelines::Runner,
    pub(crate) cache: supply::cache::Cache,
    /// For everything on this machine: no proxy, short connect timeout.
    pub(crate) http: reqwest::Client,
}

/// Everything that is up.
pub(crate) struct Env {
    pub(crate) ground: Arc<Ground>,
    pub(crate) world: World,
    pub(crate) ci: Ci,
    pub(crate) staging: Cluster,
    pub(crate) production: Cluster,
}

impl Env {
    pub(crate) fn cluster(&self, environment: Environment) -> &Cluster {
        match environment {
            Environment::Staging => &self.staging,
            Environment::Production => &self.production,
        }
    }
}
