//! Tells live from ready, and which commit serves on which schema.

use api::BackendVersion;
use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::error::ApiError;
use crate::migrate;

/// Never asks the table: a restart does not mend a table.
pub(crate) async fn live() -> &'static str {
    "ok"
}

/// Refuses a table whose schema this code cannot serve on.
pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, ApiError> {
    if app.draining.has_begun() {
        return Err(ApiError::NotReady("shutting down".into()));
    }
    let table = app.store.table();
    let record = migrate::Record::read(table).await?;
    record
        .check(migrate::required_version())
        .map_err(|unfit| ApiError::NotReady(format!("table {} is not for this code: {unfit}", table.name)))?;
    Ok("ok")
}

pub(crate) async fn version(State(app): State<App>) -> Json<BackendVersion> {
    Json(BackendVersion {
        commit: app.commit.to_string(),
        environment: app.environment.to_string(),
        schema_version: migrate::schema_version(app.store.table()).await.ok(),
        required_schema_version: migrate::required_version(),
    })
}
