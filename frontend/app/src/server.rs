//! Server functions: the page's own calls, each a thin step to the backend's API.
//!
//! Their addresses are fixed by hand: the default is a hash that changes with the source, and a
//! page loaded before a release must still be able to post after it. A field that is added later
//! needs a default for the same reason.

use api::{Message, MessageList};
use leptos::prelude::*;

use crate::{BoardError, Site};

/// One page of messages.
#[server(prefix = "/form", endpoint = "list")]
pub(crate) async fn list_messages(before: Option<String>) -> Result<MessageList, BoardError> {
    let backend = expect_context::<crate::backend::Backend>();
    backend.list(before.as_deref()).await.inspect_err(set_status)
}

/// Posts a message; twice with the same key posts it once.
#[server(prefix = "/form", endpoint = "post")]
pub(crate) async fn post_message(
    author: String,
    text: String,
    #[server(default)] key: Option<String>,
) -> Result<Message, BoardError> {
    let backend = expect_context::<crate::backend::Backend>();
    let new = api::NewMessage { author, text };
    backend.post(&new, key.as_deref()).await.inspect_err(set_status)
}

/// Which program serves on which schema.
#[server(prefix = "/form", endpoint = "site")]
pub(crate) async fn describe_site() -> Result<Site, BoardError> {
    let backend = expect_context::<crate::backend::Backend>();
    let site = expect_context::<Site>();
    Ok(Site {
        schema: backend.schema_version().await,
        ..site
    })
}

/// Left alone, every fault of a server function is a 500.
#[cfg(feature = "ssr")]
fn set_status(error: &BoardError) {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(error.status());
    }
}
