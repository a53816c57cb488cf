//! What can go wrong between a person and the board, in words for that person.

use api::FieldError;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::{Bytes, Decodes as _};
use serde::{Deserialize, Serialize};

/// Travels from the server to the browser; holds no inner detail, that is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum BoardError {
    /// The backend does not take this request, and says why.
    #[error("Not accepted: {detail}.")]
    Refused {
        /// Its HTTP status.
        status: u16,
        /// What is wrong as a whole.
        detail: String,
        /// What is wrong with single fields of the form.
        errors: Vec<FieldError>,
    },
    /// The idempotency key already belongs to another message.
    #[error(
        "This form was already sent with another message, which is posted. To post this one as well, send it again."
    )]
    AlreadySent,
    /// The backend cannot be reached, or cannot do its work.
    #[error("The message board cannot be reached just now. Please try again in a moment.")]
    Unavailable,
    /// Browser and server did not understand each other, as they may while a release rolls out.
    #[error("The request was not understood ({0}). Please reload the page.")]
    Protocol(String),
}

impl BoardError {
    /// What is wrong with one field of the form, as a sentence.
    pub(crate) fn at_field(&self, name: &str) -> Option<String> {
        let Self::Refused { errors, .. } = self else {
            return None;
        };
        let error = errors.iter().find(|error| error.field == name)?;
        Some(sentence(&error.detail))
    }

    /// Whether the form shows all of it at its fields.
    pub(crate) fn only_at_fields(&self) -> bool {
        matches!(self, Self::Refused { errors, .. } if !errors.is_empty())
    }

    /// The HTTP status that says the same.
    #[cfg(feature = "ssr")]
    pub fn status(&self) -> http::StatusCode {
        match self {
            Self::Refused { status, .. } => {
                http::StatusCode::from_u16(*status).unwrap_or(http::StatusCode::BAD_REQUEST)
            }
            Self::AlreadySent => http::StatusCode::CONFLICT,
            Self::Unavailable | Self::Protocol(_) => http::StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    let end = if words.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), characters.as_str())
}

impl FromServerFnError for BoardError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Unavailable,
            other => Self::Protocol(other.to_string()),
        }
    }

    /// Reads the body of an answer whose status is that of an error. Where none of these is in it,
    /// a load balancer has made it that reached no server: nothing is wrong with the page, and
    /// loading it again would only lose what was typed.
    fn de(body: Bytes) -> Self {
        JsonEncoding::decode(body).unwrap_or(Self::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_at_its_field() {
        let error = BoardError::Refused {
            status: 422,
            detail: "the message is not valid".into(),
            errors: vec![FieldError {
                field: "text".into(),
                detail: "must not be blank".into(),
            }],
        };
        assert_eq!(error.at_field("text").unwrap(), "Must not be blank.");
        assert_eq!(error.at_field("author"), None);
        assert!(error.only_at_fields() && !BoardError::Unavailable.only_at_fields());
    }

    #[test]
    fn the_error_page_of_a_load_balancer_tells_nobody_to_reload() {
        let page = "<html><head><title>503 Service Temporarily Unavailable</title></head></html>";
        for body in [page, ""] {
            assert_eq!(BoardError::de(Bytes::from(body)), BoardError::Unavailable);
        }
    }

    #[test]
    fn an_error_of_ours_is_read_as_it_was_sent() {
        for error in [BoardError::AlreadySent, BoardError::Protocol("no text".into())] {
            assert_eq!(BoardError::de(error.ser()), error);
        }
    }

    #[test]
    fn an_answer_of_another_shape_is_one_of_another_release() {
        let other = ServerFnErrorErr::Deserialization("missing field `messages`".into());
        let error = BoardError::from_server_fn_error(other);
        assert!(matches!(error, BoardError::Protocol(_)), "{error:?}");
    }
}
