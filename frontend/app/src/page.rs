//! What a page is rendered from.

use std::time::Duration;

use api::MessageList;
use serde::{Deserialize, Serialize};

use crate::BoardError;

/// One page, complete: the server fills it in, the browser reads it from the document it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Where it comes from.
    pub site: Site,
    /// The messages, or why there are none.
    pub list: Result<MessageList, BoardError>,
    /// Cursor of a page of older messages; `None` for the newest.
    pub before: Option<String>,
    /// What the form begins with.
    pub draft: Draft,
    /// Why what was posted was not taken; the form shows it.
    pub refusal: Option<BoardError>,
    /// When the server made the page, in milliseconds since 1970: the browser begins with the same
    /// "3 minutes ago", and goes on from there instead of trusting the visitor's clock.
    pub now: i64,
    /// Between two signs of life on the event stream.
    pub heartbeat: Duration,
}

/// Which program serves on which schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Commit the frontend was built from.
    pub commit: String,
    /// Environment it runs in, as `staging`.
    pub environment: String,
    /// Schema the backend's table is at; `None` while the backend cannot tell.
    pub schema: Option<u32>,
}

/// A message that is not posted yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Who writes.
    #[serde(default)]
    pub author: String,
    /// What they write.
    #[serde(default)]
    pub text: String,
    /// Idempotency key: sent twice with the same one, the message is posted once. Empty: none.
    #[serde(default)]
    pub key: String,
}

impl Draft {
    /// The draft as a page can show it: what is refused in it becomes something to see, and to take
    /// out.
    #[must_use]
    pub fn sanitized(self) -> Self {
        Self {
            author: api::text::sanitize(&self.author).into_owned(),
            text: api::text::sanitize(&self.text).into_owned(),
            ..self
        }
    }
}
