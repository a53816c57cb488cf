//! Lists, posts, shows, changes and removes messages.

use api::{DEFAULT_LIMIT, MAX_LIMIT, Message, MessageList};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::draft::Draft;
use super::headers::{IdempotencyKey, IfMatch};
use super::identity::Identity;
use crate::app::App;
use crate::error::ApiError;

/// What the query string of a list may hold.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    limit: Option<u32>,
    before: Option<String>,
}

pub(crate) async fn list(
    State(app): State<App>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<MessageList>, ApiError> {
    let Query(page) = page?;
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::Limit);
    }
    Ok(Json(app.store.newest(limit, page.before.as_deref()).await?))
}

pub(crate) async fn post(
    State(app): State<App>,
    IdempotencyKey(key): IdempotencyKey,
    Draft(new): Draft,
) -> Result<(StatusCode, HeaderMap, Json<Message>), ApiError> {
    let posted = app.store.post(new, key.as_deref()).await?;
    let message = posted.message;
    tracing::info!(uuid = message.uuid, replayed = posted.replayed, "message posted");
    let mut headers = etag(&message);
    let location = HeaderValue::from_str(&api::message_path(&message.uuid));
    headers.insert(header::LOCATION, location.expect("a UUID is a header value"));
    if posted.replayed {
        headers.insert(api::IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok((StatusCode::CREATED, headers, Json(message)))
}

pub(crate) async fn get(
    State(app): State<App>,
    Identity(uuid): Identity,
) -> Result<(HeaderMap, Json<Message>), ApiError> {
    let message = app.store.get(&uuid).await?;
    Ok((etag(&message), Json(message)))
}

pub(crate) async fn put(
    State(app): State<App>,
    Identity(uuid): Identity,
    IfMatch(expected): IfMatch,
    Draft(new): Draft,
) -> Result<(HeaderMap, Json<Message>), ApiError> {
    let message = app.store.edit(&uuid, &new, &expected).await?;
    tracing::info!(uuid, revision = message.revision, "message edited");
    Ok((etag(&message), Json(message)))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Identity(uuid): Identity,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, ApiError> {
    app.store.delete(&uuid, &expected).await?;
    tracing::info!(uuid, "message deleted");
    Ok(StatusCode::NO_CONTENT)
}

fn etag(message: &Message) -> HeaderMap {
    let etag = HeaderValue::from_str(&message.etag()).expect("a quoted number is a header value");
    HeaderMap::from_iter([(header::ETAG, etag)])
}
