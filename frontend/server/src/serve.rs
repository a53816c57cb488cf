//! Runs the frontend: from settings to a listener, and down again without dropping a request.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use crate::config::Config;
use crate::health::Draining;
use crate::{router, shutdown};

/// Open requests get this long once the listener is closed; then they are cut.
const FINISH: Duration = Duration::from_secs(15);

/// Serves until asked to stop.
pub async fn run(config: Config) -> Result<()> {
    let draining = Draining::default();
    let router = router::router(&config, draining.clone())?;
    let listener = TcpListener::bind(config.listen_addr)
        .await
        .with_context(|| format!("listen on LISTEN_ADDR {}", config.listen_addr))?;
    tracing::info!(
        address = %listener.local_addr().context("read the listener's address")?,
        backend = %config.backend_url,
        commit = config.app_commit,
        environment = config.environment,
        "serving"
    );

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        stopped.await.ok();
    });
    let end = async {
        shutdown::requested().await;
        tracing::info!("stopping: readiness fails, requests are still served");
        draining.begin();
        tokio::time::sleep(config.drain_seconds).await;
        stop.send(()).ok();
        tokio::time::sleep(FINISH).await;
    };
    tokio::select! {
        result = server => result.context("serve"),
        () = end => {
            tracing::warn!(seconds = FINISH.as_secs(), "requests were still open and are cut");
            Ok(())
        }
    }
}
