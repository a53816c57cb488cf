//! Errors as AWS and its command line write them.

use super::*;

/// As AWS answers it.
fn answered(code: &str, message: &str) -> String {
    format!(
        "An error occurred ({code}) when calling the CreateChangeSet operation (reached max retries: 4): {message}"
    )
}

#[test]
fn answers_of_aws_are_told_apart_by_their_code() {
    for (code, message, class) in [
        (
            "ExpiredToken",
            "The security token included in the request is expired",
            ErrorClass::Expired,
        ),
        (
            "InvalidClientTokenId",
            "The security token included in the request is invalid",
            ErrorClass::Expired,
        ),
        (
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match",
            ErrorClass::Expired,
        ),
        (
            "SignatureDoesNotMatch",
            "Signature expired: 20260101T000000Z is now earlier than 20260102",
            ErrorClass::Clock,
        ),
        (
            "InvalidSignatureException",
            "Signature not yet current: 20270101T000000Z",
            ErrorClass::Clock,
        ),
        (
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time",
            ErrorClass::Clock,
        ),
        (
            "AccessDenied",
            "User: arn:aws:iam::1:user/x is not authorized to perform: x",
            ErrorClass::Denied,
        ),
        (
            "AccessDenied",
            "arn:aws:iam::1:role/has expired-timed out is not authorized",
            ErrorClass::Denied,
        ),
        ("Throttling", "Rate exceeded", ErrorClass::Busy),
        (
            "RequestLimitExceeded",
            "Request limit exceeded.",
            ErrorClass::Busy,
        ),
        ("ServiceUnavailable", "Service is unavailable", ErrorClass::Busy),
        ("503", "Service Unavailable", ErrorClass::Busy),
        (
            "ValidationError",
            "certificate has expired; security token; AccessDenied; timed out",
            ErrorClass::Other,
        ),
        (
            "AlreadyExistsException",
            "ChangeSet xtask already exists",
            ErrorClass::Other,
        ),
    ] {
        let wrote = answered(code, message);
        assert_eq!(ErrorClass::of(&wrote), class, "{wrote}");
    }
}

#[test]
fn messages_without_an_answer_are_told_apart() {
    for (wrote, class) in [
        (
            "SSL validation failed for https://sts.eu-central-1.amazonaws.com/ [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify \
             failed: certificate has expired (_ssl.c:1006)",
            ErrorClass::Certificate,
        ),
        (
            "SSL validation failed for https://a/ [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate \
             in certificate chain (_ssl.c:1006)",
            ErrorClass::Certificate,
        ),
        (
            "Could not find a suitable TLS CA certificate bundle, invalid path: /nowhere",
            ErrorClass::Certificate,
        ),
        (
            "Failed to connect to proxy URL: \"http://proxy:3128\"",
            ErrorClass::Proxy,
        ),
        (
            "Could not connect to the endpoint URL: Tunnel connection failed: 407 Proxy Authentication Required",
            ErrorClass::Proxy,
        ),
        (
            "Could not connect to the endpoint URL: \"https://sts.nowhere\": Name or service not known",
            ErrorClass::UnknownHost,
        ),
        (
            "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
            ErrorClass::NoCredentials,
        ),
        (
            "The config profile (nobody) could not be found",
            ErrorClass::NoCredentials,
        ),
        (
            "The config profile (has expired) could not be found",
            ErrorClass::NoCredentials,
        ),
        (
            "The SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws \
             sso login with the corresponding profile.",
            ErrorClass::Expired,
        ),
        (
            "Error when retrieving token from sso: Token has expired and refresh failed",
            ErrorClass::Expired,
        ),
        (
            "Could not connect to the endpoint URL: \"http://127.0.0.1:1/\"",
            ErrorClass::NotReached,
        ),
        (
            "Read timeout on endpoint URL: \"https://a/\"",
            ErrorClass::NotReached,
        ),
        ("Template format error: has expired", ErrorClass::Other),
    ] {
        assert_eq!(ErrorClass::of(wrote), class, "{wrote}");
    }
}
