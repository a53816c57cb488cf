//! Tells live from ready, and which commit serves on which schema.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::BackendVersion;
use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::error::ApiError;
use crate::migrate::{self, Record};
#[cfg(feature = "openapi")]
use crate::problems;

/// Less than a probe waits: what a table cannot answer in this time is no answer for a visitor
/// either.
const RECORD_TIMEOUT: Duration = Duration::from_secs(1);

/// Never asks the table: a restart does not mend a table.
#[cfg_attr(feature = "openapi", utoipa::path(
    get,
    path = api::HEALTHZ,
    operation_id = "live",
    responses((status = 200, description = "The process lives", body = String)),
))]
pub(crate) async fn live() -> &'static str {
    "ok"
}

/// Refuses a table whose schema this code cannot serve on: a migration may have been skipped.
#[cfg_attr(feature = "openapi", utoipa::path(
    get,
    path = api::READYZ,
    operation_id = "ready",
    responses((status = 200, description = "Requests may be sent here", body = String), problems::Table),
))]
pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, ApiError> {
    if app.draining.has_begun() {
        return Err(ApiError::NotReady("shutting down".into()));
    }
    let answer = fit(&app).await;
    app.readiness.log(answer.as_ref().err());
    answer.map(|()| "ok")
}

async fn fit(app: &App) -> Result<(), ApiError> {
    let table = &app.store.table().name;
    record(app)
        .await?
        .check(migrate::required_version())
        .map_err(|unfit| ApiError::NotReady(format!("table {table} is not for this code: {unfit}")))
}

/// Why this process was not ready when it was asked last. A probe comes each second, so only a
/// change is logged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readiness(Arc<Mutex<Option<String>>>);

impl Readiness {
    fn log(&self, error: Option<&ApiError>) {
        let now = error.map(ToString::to_string);
        let mut before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &now {
            same if *same == *before => {}
            Some(reason) => tracing::warn!(reason, "not ready"),
            None => tracing::info!("ready again"),
        }
        *before = now;
    }
}

/// Which commit serves, and on which schema.
#[cfg_attr(feature = "openapi", utoipa::path(
    get,
    path = api::VERSION,
    operation_id = "version",
    responses((status = 200, description = "What serves here", body = BackendVersion)),
))]
pub(crate) async fn version(State(app): State<App>) -> Json<BackendVersion> {
    Json(BackendVersion {
        commit: app.commit.to_string(),
        environment: app.environment.to_string(),
        schema_version: record(&app).await.ok().map(|record| record.version),
        required_schema_version: migrate::required_version(),
    })
}

/// Asked of the table each time: a probe a second costs next to nothing, and a remembered answer
/// would hide a table that went away.
async fn record(app: &App) -> Result<Record, ApiError> {
    match tokio::time::timeout(RECORD_TIMEOUT, Record::read(app.store.table())).await {
        Ok(record) => Ok(record?),
        Err(_) => Err(ApiError::NotReady(format!(
            "the table did not answer within {} s",
            RECORD_TIMEOUT.as_secs()
        ))),
    }
}
