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

/// Refuses a table that is older than this code: the deployer may have skipped the migration.
pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, ApiError> {
    if app.draining.has_begun() {
        return Err(ApiError::NotReady("shutting down".into()));
    }
    let recorded = migrate::schema_version(app.store.table()).await?;
    let required = migrate::required_version();
    if recorded < required {
        return Err(ApiError::NotReady(format!(
            "table {} is at schema {recorded}, this code needs {required}: run `backend migrate`",
            app.store.table().name
        )));
    }
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
