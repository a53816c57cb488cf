//! Lists, posts, shows, changes and removes messages.

use api::{DEFAULT_LIMIT, MAX_LIMIT, Message, MessageList};
#[cfg(feature = "openapi")]
use api::{NewMessage, Problem};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::draft::Draft;
use super::headers::{IdempotencyKey, IfMatch};
use super::identity::Identity;
use crate::app::App;
use crate::error::ApiError;
#[cfg(feature = "openapi")]
use crate::problems;
use crate::store::StoreError;

/// What the query string of a list may hold.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct Page {
    /// Most messages of the page.
    #[cfg_attr(
        feature = "openapi",
        param(minimum = 1, maximum = 100, default = 20, nullable = false)
    )]
    limit: Option<u32>,
    /// `next` of the page before this one.
    #[cfg_attr(feature = "openapi", param(nullable = false))]
    before: Option<String>,
}

/// One page of messages, newest first.
#[cfg_attr(feature = "openapi", utoipa::path(
    get,
    path = api::MESSAGES,
    operation_id = "list_messages",
    params(Page),
    responses(
        (status = 200, description = "The page; `next` is there while older messages are", body = MessageList),
        problems::Query,
        problems::Table,
    ),
))]
pub(crate) async fn list(
    State(app): State<App>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Answer, ApiError> {
    let Query(page) = page?;
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::Limit);
    }
    let before = page.before.as_deref();
    let read = async { Ok::<_, StoreError>(json(&app.store.newest(limit, before).await?)) };
    let list = match before {
        None if limit == DEFAULT_LIMIT => app.first_page.get(read).await?,
        _ => read.await?,
    };
    Ok(([(header::CONTENT_TYPE, JSON)], list))
}

/// A list as it is sent.
type Answer = ([(HeaderName, HeaderValue); 1], Bytes);

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn json(list: &MessageList) -> Bytes {
    let text = serde_json::to_vec(list);
    text.expect("a list of texts and numbers is JSON").into()
}

/// Posts a message; with an `Idempotency-Key` once, however often it is sent.
#[cfg_attr(feature = "openapi", utoipa::path(
    post,
    path = api::MESSAGES,
    operation_id = "post_message",
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "Names this post: sent again with the same body it is answered by the same message"),
    ),
    request_body = NewMessage,
    responses(
        (
            status = 201,
            description = "Posted, now or earlier with the same key",
            body = Message,
            headers(
                ("Location" = String, description = "Path of the message"),
                ("ETag" = String, description = "Tag of its revision, for `If-Match`"),
                ("Idempotent-Replayed" = bool, description = "Was posted earlier with the same key"),
            ),
            links(
                ("show" = (operation_id = "get_message", parameters(("uuid" = "$response.body#/uuid")))),
                ("edit" = (operation_id = "edit_message", parameters(
                    ("uuid" = "$response.body#/uuid"), ("If-Match" = "$response.header.etag")))),
                ("delete" = (operation_id = "delete_message", parameters(
                    ("uuid" = "$response.body#/uuid"), ("If-Match" = "$response.header.etag")))),
            ),
        ),
        (status = 409, description = "The key was used with another body", body = Problem,
            content_type = "application/problem+json"),
        problems::Body,
        problems::Table,
    ),
))]
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

/// One message.
#[cfg_attr(feature = "openapi", utoipa::path(
    get,
    path = api::MESSAGE,
    operation_id = "get_message",
    params(("uuid" = String, Path, description = "Identity of the message")),
    responses(
        (status = 200, description = "The message", body = Message,
            headers(("ETag" = String, description = "Tag of its revision, for `If-Match`"))),
        problems::Missing,
        problems::Table,
    ),
))]
pub(crate) async fn get(
    State(app): State<App>,
    Identity(uuid): Identity,
) -> Result<(HeaderMap, Json<Message>), ApiError> {
    let message = app.store.get(&uuid).await?;
    Ok((etag(&message), Json(message)))
}

/// Gives a message another author and text.
#[cfg_attr(feature = "openapi", utoipa::path(
    put,
    path = api::MESSAGE,
    operation_id = "edit_message",
    params(
        ("uuid" = String, Path, description = "Identity of the message"),
        ("If-Match" = String, Header, description = "`ETag` of the message as it was read"),
    ),
    request_body = NewMessage,
    responses(
        (status = 200, description = "The message as it is now", body = Message,
            headers(("ETag" = String, description = "Tag of its new revision"))),
        problems::Missing,
        problems::Revision,
        problems::Body,
        problems::Table,
    ),
))]
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

/// Removes a message.
#[cfg_attr(feature = "openapi", utoipa::path(
    delete,
    path = api::MESSAGE,
    operation_id = "delete_message",
    params(
        ("uuid" = String, Path, description = "Identity of the message"),
        ("If-Match" = String, Header, description = "`ETag` of the message as it was read"),
    ),
    responses(
        (status = 204, description = "Removed"),
        problems::Missing,
        problems::Revision,
        problems::Table,
    ),
))]
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
