//! What is not let through, in the words of AWS.

use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use quick_xml::escape::escape;
use serde_json::json;

/// How an answer is written: AWS has several ways, one for each service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As of STS, in XML.
    Query,
    /// As of `DynamoDB`, in JSON that names the error.
    Json,
    /// As of EKS, in JSON with a header that names the error.
    Rest,
}

impl Form {
    /// The one of the service that is asked.
    pub(crate) fn of(request: &Request<Bytes>) -> Self {
        let path = request.uri().path();
        if request.headers().contains_key("x-amz-target") {
            Self::Json
        } else if path == "/clusters" || path.starts_with("/clusters/") {
            Self::Rest
        } else {
            Self::Query
        }
    }
}

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// The role does not trust the bearer of the token, or is not there: AWS does not say which.
    pub(crate) fn untrusted() -> Self {
        let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }

    /// The bearer of a role's keys may not assume another one.
    pub(crate) fn unassumable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }

    /// The token is none that can be believed.
    pub(crate) fn invalid_token(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidIdentityToken", message)
    }

    pub(crate) fn expired_token(now: u64, expiry: u64) -> Self {
        let message = format!(
            "Token expired: current date/time {now} must be before the expiration date/time {expiry}"
        );
        Self::new(StatusCode::BAD_REQUEST, "ExpiredTokenException", message)
    }

    /// A request that STS does not understand.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationError", message)
    }

    /// No key was used to sign it.
    pub(crate) fn unsigned() -> Self {
        let message = "Request is missing Authentication Token";
        Self::new(StatusCode::FORBIDDEN, "MissingAuthenticationToken", message)
    }

    /// It was signed with a key that nobody was given.
    pub(crate) fn unknown_key() -> Self {
        let message = "The security token included in the request is invalid.";
        Self::new(StatusCode::FORBIDDEN, "UnrecognizedClientException", message)
    }

    pub(crate) fn expired_key() -> Self {
        let message = "The security token included in the request is expired";
        Self::new(StatusCode::FORBIDDEN, "ExpiredTokenException", message)
    }

    /// The role has no right to it.
    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
    }

    /// As STS writes it.
    pub(crate) fn xml(&self) -> String {
        format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{}</Code>\
             <Message>{}</Message></Error><RequestId>iam-proxy</RequestId></ErrorResponse>",
            self.code,
            escape(&self.message)
        )
    }

    /// As `DynamoDB` writes it.
    pub(crate) fn json(&self) -> String {
        let code = format!("com.amazon.coral.service#{}", self.code);
        json!({ "__type": code, "message": self.message }).to_string()
    }

    /// As EKS writes it, beside a header with the code.
    pub(crate) fn rest(&self) -> String {
        json!({ "message": self.message }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn what_a_token_says_does_not_become_markup() {
        let xml = Refusal::invalid_token("no provider for <Code>").xml();
        assert!(
            xml.contains("<Message>no provider for &lt;Code&gt;</Message>"),
            "{xml}"
        );
    }
}
