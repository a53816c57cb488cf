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
    backend.list(before.as_deref()).await.inspect_err(status::set)
}

/// Posts a message and leads back to the newest ones, with or without a script.
#[server(prefix = "/form", endpoint = "post")]
pub(crate) async fn post_message(author: String, text: String) -> Result<(), BoardError> {
    let backend = expect_context::<crate::backend::Backend>();
    let posted = backend.post(&api::NewMessage { author, text }).await;
    posted.inspect_err(status::set_for_script)?;
    leptos_axum::redirect("/");
    Ok(())
}

#[cfg(feature = "ssr")]
mod status {
    //! The HTTP status of a fault; left alone, every fault of a server function is a 500.

    use http::StatusCode;
    use http::header::ACCEPT;
    use leptos::prelude::*;

    use crate::BoardError;

    pub(super) fn set(error: &BoardError) {
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
            response.set_status(match error {
                BoardError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
                BoardError::Unavailable | BoardError::Protocol(_) => StatusCode::SERVICE_UNAVAILABLE,
            });
        }
    }

    /// A form sent without script is answered by a redirect to the page that shows the fault: its status must stay.
    pub(super) fn set_for_script(error: &BoardError) {
        let accepts =
            use_context::<http::request::Parts>().and_then(|parts| parts.headers.get(ACCEPT).cloned());
        let plain_form =
            accepts.is_some_and(|accepts| accepts.to_str().unwrap_or_default().contains("text/html"));
        if !plain_form {
            set(error);
        }
    }
}
