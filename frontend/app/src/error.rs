//! What can go wrong between a person and the board, in words for that person.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Travels from the server to the browser; holds no inner detail, that is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum BoardError {
    /// The backend does not take this request, and says why.
    #[error("Not accepted: {0}.")]
    Refused(String),
    /// The backend cannot be reached, or cannot do its work.
    #[error("The message board cannot be reached just now. Please try again in a moment.")]
    Unavailable,
    /// Browser and server did not understand each other, as they may while a release rolls out.
    #[error("The request was not understood ({0}). Please reload the page.")]
    Protocol(String),
}

impl FromServerFnError for BoardError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Unavailable,
            other => Self::Protocol(other.to_string()),
        }
    }
}
