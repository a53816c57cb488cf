//! The body of a post and of an edit: read within limits, then checked field by field.
//!
//! All faults of the fields are reported at once, each under the name of its field, as a form shows
//! them.

use std::time::Duration;

use api::{FieldError, MAX_AUTHOR, MAX_TEXT, NewMessage, text};
use axum::Json;
use axum::extract::{FromRequest, Request};
use serde_json::Value;

use crate::error::ApiError;

/// A body of this size comes in one or two packets.
const BODY_TIMEOUT: Duration = Duration::from_secs(4);

/// A message whose fields keep the rules.
#[derive(Debug)]
pub(crate) struct Draft(pub(crate) NewMessage);

impl<S: Send + Sync> FromRequest<S> for Draft {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = tokio::time::timeout(BODY_TIMEOUT, Json::<Value>::from_request(request, state));
        let Json(body) = body.await.map_err(|_| ApiError::SlowBody(BODY_TIMEOUT))??;
        checked(&body).map(Self)
    }
}

fn checked(body: &Value) -> Result<NewMessage, ApiError> {
    if !body.is_object() {
        return Err(ApiError::NotAnObject);
    }
    let author = field(body, "author", MAX_AUTHOR);
    let text = field(body, "text", MAX_TEXT);
    match (author, text) {
        (Ok(author), Ok(text)) => Ok(NewMessage { author, text }),
        (author, text) => Err(ApiError::Fields(
            [author.err(), text.err()].into_iter().flatten().collect(),
        )),
    }
}

fn field(body: &Value, name: &str, longest: usize) -> Result<String, FieldError> {
    let fault = |detail: String| FieldError {
        field: name.to_owned(),
        detail,
    };
    let value = body.get(name).ok_or_else(|| fault("is missing".into()))?;
    let value = value.as_str().ok_or_else(|| fault("must be a string".into()))?;
    text::check(value, longest).map_err(|error| fault(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(body: &Value) -> String {
        checked(body).unwrap_err().to_string()
    }

    #[test]
    fn every_fault_is_named_with_its_field() {
        assert_eq!(faults(&json!({})), "author is missing; text is missing");
        assert_eq!(
            faults(&json!({"author": " \n", "text": 7})),
            "author must not be blank; text must be a string"
        );
        assert_eq!(faults(&json!(["Ada", "hi"])), "the body must be a JSON object");
    }

    #[test]
    fn characters_count_not_bytes() {
        for character in ["ä", "🦀", "\r\n"] {
            let draft = |length| json!({"author": "Ada", "text": format!(".{}", character.repeat(length))});
            assert!(checked(&draft(MAX_TEXT - 1)).is_ok(), "{character:?}");
            assert_eq!(
                faults(&draft(MAX_TEXT)),
                "text has 1001 characters, 1000 are allowed"
            );
        }
    }
}
