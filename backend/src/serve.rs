//! Runs the API server: from settings to a router that is served until somebody asks to stop.

use anyhow::Result;

use crate::app::App;
use crate::config::Serve;
use crate::store::Store;
use crate::{dynamodb, router};

/// Serves until asked to stop.
pub async fn run(config: Serve) -> Result<()> {
    tracing::info!(
        table = config.table.table_name,
        commit = config.app_commit,
        environment = config.environment,
        "starting"
    );
    let table = dynamodb::table(&config.table).await;
    let app = App::new(Store::new(table), &config.app_commit, &config.environment);
    let (draining, metrics) = (app.draining.clone(), app.metrics.clone());
    serverkit::serve(&config.listen, router::router(app), &draining, metrics).await
}
