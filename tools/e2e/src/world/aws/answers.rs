//! What AWS answers: a refusal with its code, and the texts of XML.

use std::borrow::Cow;

use anyhow::{Context as _, Error, Result};
use reqwest::{Response, StatusCode};
use serde_json::Value;

/// What AWS refuses: the status, and what it calls the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}")]
pub(crate) struct Refusal {
    status: u16,
    code: Cow<'static, str>,
}

impl Refusal {
    /// One that is expected.
    pub(crate) const fn new(status: u16, code: &'static str) -> Self {
        Self {
            status,
            code: Cow::Borrowed(code),
        }
    }

    /// The one that an answer in JSON or XML is.
    pub(crate) fn read(status: StatusCode, text: &str) -> Result<Self> {
        let json: Option<Value> = serde_json::from_str(text).ok();
        let code = match &json {
            // The name of the service's model may stand before it.
            Some(answer) => answer["__type"].as_str().and_then(|code| code.rsplit('#').next()),
            None => element(text, "Code"),
        };
        let code = code.with_context(|| format!("{status}, without a code of AWS: {text}"))?;
        Ok(Self {
            status: status.as_u16(),
            code: Cow::Owned(code.to_owned()),
        })
    }

    /// Whether a call has failed for this reason.
    pub(crate) fn is_why(error: &Error, code: &str) -> bool {
        let refusal = error.downcast_ref::<Self>();
        refusal.is_some_and(|refusal| refusal.code == code)
    }
}

/// The text with which `what` is answered. Where AWS refuses it, the error has a [`Refusal`].
pub(crate) async fn answered(answer: Response, what: &str) -> Result<String> {
    let (status, text) = (answer.status(), answer.text().await?);
    if status.is_success() {
        return Ok(text);
    }
    let refusal = Refusal::read(status, &text).with_context(|| what.to_owned())?;
    Err(Error::from(refusal).context(format!("{what}: {text}")))
}

/// The text of the first element of this name, which has no other inside.
pub(crate) fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_by_its_code_and_not_by_words_of_its_message() {
        for text in [
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#Missing","message":"not Other"}"#,
            r#"{"__type":"Missing","message":"not Other"}"#,
            "<ErrorResponse><Error><Code>Missing</Code><Message>not Other</Message></Error></ErrorResponse>",
        ] {
            let refusal = Refusal::read(StatusCode::BAD_REQUEST, text).unwrap();
            assert_eq!(refusal, Refusal::new(400, "Missing"));
            let error = Error::from(refusal).context(text).context("asked");
            assert!(Refusal::is_why(&error, "Missing") && !Refusal::is_why(&error, "Other"));
        }
    }

    #[test]
    fn an_answer_without_a_code_is_no_refusal() {
        for text in ["", "{}", "<html>Bad Gateway</html>"] {
            let error = Refusal::read(StatusCode::BAD_GATEWAY, text).unwrap_err();
            assert!(error.to_string().contains("502"), "{error}");
        }
    }
}
