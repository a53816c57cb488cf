//! The board's HTTP API as a stranger knows it: what tools ask for and read, by the published
//! `OpenAPI` document.
//!
//! Nothing here comes from the products' code, so a tool notices when an answer changes. The tests
//! compare it with the document; types leave out what no tool reads.

use serde::{Deserialize, Serialize};

/// Where messages are listed and posted.
pub const MESSAGES: &str = "/api/messages";
/// The `OpenAPI` document.
pub const OPENAPI: &str = "/openapi.json";
/// Answers as long as the process lives.
pub const HEALTHZ: &str = "/healthz";
/// Answers 200 only while the process can do its work.
pub const READYZ: &str = "/readyz";
/// Says which commit serves.
pub const VERSION: &str = "/version";

/// Request header of a post: the same key twice is one message.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Most messages of a page, the largest value of the query's `limit`.
pub const MAX_LIMIT: u32 = 100;
/// Longest accepted author, in characters.
pub const MAX_AUTHOR: usize = 80;
/// Longest accepted text, in characters.
pub const MAX_TEXT: usize = 1000;

/// A message as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// Its identity.
    pub uuid: String,
    /// Who wrote it.
    pub author: String,
    /// What they wrote.
    pub text: String,
    /// When the backend took it, as RFC 3339 writes it.
    pub posted_at: String,
}

/// The body of a post and of an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewMessage {
    /// Who writes it.
    pub author: String,
    /// What they write.
    pub text: String,
}

/// One page of messages, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MessageList {
    /// The messages of this page.
    pub messages: Vec<Message>,
    /// Value of the query's `before` for the next older page, where there is one.
    pub next: Option<String>,
}

/// What both servers say about themselves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// Commit the program was built from.
    pub commit: String,
    /// Environment it runs in, as `staging`.
    pub environment: String,
}

/// What the backend says about itself and its table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BackendVersion {
    /// Commit the program was built from.
    pub commit: String,
    /// Environment it runs in, as `staging`.
    pub environment: String,
    /// Schema the table is at; nothing while the table cannot be read.
    pub schema_version: Option<u32>,
    /// Oldest schema this code serves on.
    pub required_schema_version: u32,
}

#[cfg(test)]
mod tests;
