//! Lists and posts messages; the rules of a new message stand here.

use api::{MAX_AUTHOR, MAX_TEXT, Message, MessageList, NewMessage};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    before: Option<String>,
}

pub(crate) async fn list(
    State(app): State<App>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<MessageList>, ApiError> {
    let Query(page) = page?;
    Ok(Json(app.store.newest(page.before.as_deref()).await?))
}

pub(crate) async fn post(
    State(app): State<App>,
    body: Result<Json<NewMessage>, JsonRejection>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let Json(new) = body?;
    check("author", &new.author, MAX_AUTHOR)?;
    check("text", &new.text, MAX_TEXT)?;
    let message = app.store.post(new).await?;
    tracing::info!(uuid = message.uuid, "message posted");
    Ok((StatusCode::CREATED, Json(message)))
}

fn check(field: &str, value: &str, longest: usize) -> Result<(), ApiError> {
    if value.trim().is_empty() {
        return Err(ApiError::Refused(format!("{field} must not be blank")));
    }
    let length = value.chars().count();
    if length > longest {
        return Err(ApiError::Refused(format!(
            "{field} has {length} characters, {longest} are allowed"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_count_not_bytes() {
        assert!(check("text", &"ä".repeat(MAX_TEXT), MAX_TEXT).is_ok());
        assert_eq!(
            check("text", &"ä".repeat(MAX_TEXT + 1), MAX_TEXT)
                .unwrap_err()
                .to_string(),
            "text has 1001 characters, 1000 are allowed"
        );
        assert_eq!(
            check("author", " \n", MAX_AUTHOR).unwrap_err().to_string(),
            "author must not be blank"
        );
    }
}
