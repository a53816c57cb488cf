//! What other programs ask. What the app is for goes here.

use axum::routing::get;
use axum::{Json, Router};

/// The routes for other programs.
pub(crate) fn routes() -> Router {
    Router::new().route("/", get(async || Json(["app-name"])))
}
