//! Server functions: the page's own calls, each a thin step to the backend's API.
//!
//! Their addresses are fixed by hand: the default is a hash that changes with the source, and a page loaded before a
//! release must still be able to post after it.

use api::MessageList;
use leptos::prelude::*;

use crate::BoardError;

/// One page of messages; a fault becomes the status of the page that shows it.
#[server(prefix = "/form", endpoint = "list")]
pub(crate) async fn list_messages(before: Option<String>) -> Result<MessageList, BoardError> {
    let backend = expect_context::<crate::backend::Backend>();
    let listed = backend.list(before.as_deref()).await;
    if let (Err(error), Some(response)) = (&listed, use_context::<leptos_axum::ResponseOptions>()) {
        response.set_status(match error {
            BoardError::Refused(_) => http::StatusCode::BAD_REQUEST,
            BoardError::Unavailable | BoardError::Protocol(_) => http::StatusCode::SERVICE_UNAVAILABLE,
        });
    }
    listed
}

/// Posts a message and leads back to the newest ones, with or without a script.
#[server(prefix = "/form", endpoint = "post")]
pub(crate) async fn post_message(author: String, text: String) -> Result<(), BoardError> {
    let backend = expect_context::<crate::backend::Backend>();
    backend.post(&api::NewMessage { author, text }).await?;
    leptos_axum::redirect("/");
    Ok(())
}
