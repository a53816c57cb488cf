//! What travels between the programs: paths, JSON bodies, and the limits both sides must agree on.
//!
//! Only types: no client, no server, nothing that does not build for the browser.

use serde::{Deserialize, Serialize};

pub mod text; // wing: sample

// wing: sample
/// Where messages are listed and posted on the backend.
pub const MESSAGES: &str = "/api/messages";
/// One message, as a pattern of the router; [`message_path`] fills it in.
pub const MESSAGE: &str = "/api/messages/{uuid}";
/// The `OpenAPI` document of the backend.
pub const OPENAPI: &str = "/openapi.json";
// end of wing
/// Answers as long as the process lives.
pub const HEALTHZ: &str = "/healthz";
/// Answers 200 only while the process can do its work.
pub const READYZ: &str = "/readyz";
/// Says which commit serves.
pub const VERSION: &str = "/version";

/// Where both servers show their metrics, on a listener of its own.
pub const METRICS: &str = "/metrics";
// wing: addons
/// Beside it: how many requests were answered, and how many of them badly, as [`Answers`].
pub const ANSWERS: &str = "/answers";

/// What a server has answered in the last half minute, probes left out.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Answers {
    /// All answers.
    pub answered: u64,
    /// Those that say that the server failed.
    pub failed: u64,
}
// end of wing

// wing: sample
/// Request header of a post: the same key twice is one message. 1 to 255 visible ASCII characters.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Response header of a post, `true`: the message was there already, posted with the same key.
pub const IDEMPOTENT_REPLAYED: &str = "idempotent-replayed";
// end of wing
/// Header of every request and answer by which the logs of all programs find each other.
pub const REQUEST_ID: &str = "x-request-id";

// wing: sample
/// Messages of a page when the query does not say `limit`.
pub const DEFAULT_LIMIT: u32 = 20;
/// Most messages of a page.
pub const MAX_LIMIT: u32 = 100;

/// Longest accepted author, in characters as [`text::length`] counts them.
pub const MAX_AUTHOR: usize = 80;
/// Longest accepted text, in characters as [`text::length`] counts them.
pub const MAX_TEXT: usize = 1000;

/// A message as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Identity, given by the backend.
    pub uuid: String,
    /// Who wrote it, in their own words.
    pub author: String,
    /// What they wrote.
    pub text: String,
    /// When the backend took it: RFC 3339 in UTC with microseconds, so text order is time order.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub posted_at: String,
    /// When it was last changed, like `posted_at`; absent while nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false))]
    pub edited_at: Option<String>,
    /// Counts the changes: 1 as posted, one more with each edit.
    #[serde(default = "first_revision")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub revision: u32,
}

impl Message {
    /// Revision of a message as posted.
    pub const FIRST_REVISION: u32 = 1;

    /// Strong entity tag of the message as it is: header `ETag` of an answer, `If-Match` of a
    /// change.
    pub fn etag(&self) -> String {
        etag(self.revision)
    }

    /// The message as a page can show it: the table may hold what is not accepted any more.
    #[must_use]
    pub fn sanitized(self) -> Self {
        Self {
            author: text::sanitize(&self.author).into_owned(),
            text: text::sanitize(&self.text).into_owned(),
            ..self
        }
    }
}

fn first_revision() -> u32 {
    Message::FIRST_REVISION
}

/// Strong entity tag of a message at `revision`.
pub fn etag(revision: u32) -> String {
    format!("\"{revision}\"")
}

/// Path of the message `uuid`.
pub fn message_path(uuid: &str) -> String {
    MESSAGE.replace("{uuid}", uuid)
}

/// What a person writes: the body of a post and of an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewMessage {
    /// Who wrote it, by the rules of [`text::check`] up to [`MAX_AUTHOR`].
    #[cfg_attr(feature = "openapi", schema(schema_with = text::schema::author))]
    pub author: String,
    /// What they wrote, by the same rules up to [`MAX_TEXT`].
    #[cfg_attr(feature = "openapi", schema(schema_with = text::schema::text))]
    pub text: String,
}

/// One page of messages, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageList {
    /// The messages of this page.
    pub messages: Vec<Message>,
    /// Value of the query parameter `before` that yields the next older page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub next: Option<String>,
}

// end of wing

/// What a server says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Commit the program was built from.
    pub commit: String,
    /// Environment it runs in, as `staging`.
    pub environment: String,
}

// wing: sample
/// What the backend says about itself and its table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackendVersion {
    /// Commit the program was built from.
    pub commit: String,
    /// Environment it runs in, as `staging`.
    pub environment: String,
    /// Schema the table is at; `null` when the table cannot be read.
    pub schema_version: Option<u32>,
    /// Oldest schema this code serves on.
    pub required_schema_version: u32,
}
// end of wing

/// An error body, `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Kind of problem; `about:blank` means the status says it all.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request, for the person who made it.
    pub detail: String,
    /// What is wrong with single fields; only with status 422.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Value of [`REQUEST_ID`], so that a person can quote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub request_id: Option<String>,
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Name of the field, as `author`.
    pub field: String,
    /// What is wrong with it, for the person who filled it in.
    pub detail: String,
}

impl Problem {
    /// Media type of the body.
    pub const CONTENT_TYPE: &str = "application/problem+json";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_names_others_rely_on() {
        // wing: sample
        let list: MessageList = serde_json::from_str(
            r#"{"messages":[{"uuid":"u","author":"a","text":"t","posted_at":"2026-01-01T00:00:00.000000Z"}]}"#,
        )
        .unwrap();
        let message = &list.messages[0];
        assert_eq!(message.posted_at, "2026-01-01T00:00:00.000000Z");
        assert_eq!((message.etag().as_str(), &message.edited_at), ("\"1\"", &None));
        assert_eq!(message_path(&message.uuid), "/api/messages/u");
        assert_eq!(
            serde_json::to_string(&MessageList::default()).unwrap(),
            r#"{"messages":[]}"#
        );

        let version = BackendVersion {
            commit: "c".into(),
            environment: "e".into(),
            schema_version: None,
            required_schema_version: 2,
        };
        assert_eq!(
            serde_json::to_string(&version).unwrap(),
            r#"{"commit":"c","environment":"e","schema_version":null,"required_schema_version":2}"#
        );
        // end of wing

        let problem = Problem {
            kind: "about:blank".into(),
            title: "Not Found".into(),
            status: 404,
            detail: "x".into(),
            errors: Vec::new(),
            request_id: None,
        };
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"x"}"#
        );
    }
}
