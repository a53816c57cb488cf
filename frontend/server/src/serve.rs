//! Runs the frontend: from settings to a router that is served until somebody asks to stop.

use anyhow::Result;
use serverkit::metrics::Metrics;
use serverkit::shutdown::Draining;

use crate::config::Config;
use crate::router;

/// Serves until asked to stop.
pub async fn run(config: Config) -> Result<()> {
    tracing::info!(
        backend = %config.backend_url,
        commit = config.app_commit,
        environment = config.environment,
        "starting"
    );
    let (draining, metrics) = (Draining::default(), Metrics::default());
    let router = router::router(&config, &draining, &metrics)?;
    serverkit::serve(&config.listen, router, &draining, metrics).await
}
