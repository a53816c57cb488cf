//! What the words of AWS' command line mean: its exit status is the same for most faults.
//!
//! A code of AWS' own goes before any phrase: its messages quote names and texts of other people.

/// What kept a command from being carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// There are no credentials.
    NoCredentials,
    /// They have expired, or are not valid.
    Expired,
    /// They are good, but do not allow this.
    Denied,
    /// This machine's clock is wrong, so that no signature holds.
    Clock,
    /// The certificate of the other side was not accepted.
    Certificate,
    /// The proxy does not let the request through.
    Proxy,
    /// The name of the host has no address.
    UnknownHost,
    /// Nobody answers at the address.
    NotReached,
    /// AWS has too much to do, or got too many requests.
    Busy,
    /// Something that belongs to this one command.
    Other,
}

const EXPIRED: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "AuthFailure",
    "InvalidIdentityToken",
    "UnauthorizedException",
];
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "OptInRequired",
];
const CLOCK: &[&str] = &["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"];
const BUSY: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "SlowDown",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "InternalServiceException",
    "RequestTimeout",
    "500",
    "502",
    "503",
    "504",
];
/// AWS' messages where a signature is refused for its time, whatever the code.
const OLD_SIGNATURES: &[&str] = &["Signature expired", "Signature not yet current"];

/// What the command line says where it had no answer of AWS. The first that fits counts: a certificate expires too, and what a proxy
/// refuses is also no connection.
const PHRASES: &[(&[&str], Meaning)] = &[
    (
        &[
            "SSL validation failed",
            "SSL: ",
            "SSLError",
            "certificate verify failed",
            "CERTIFICATE_VERIFY_FAILED",
            "certificate has expired",
            "certificate is not yet valid",
            "self signed certificate",
            "self-signed certificate",
            "TLS CA certificate bundle",
        ],
        Meaning::Certificate,
    ),
    (
        &[
            "Failed to connect to proxy",
            "Cannot connect to proxy",
            "Unable to connect to proxy",
            "Tunnel connection failed",
            "Proxy Authentication Required",
            "ProxyError",
            "proxy_ca_bundle",
        ],
        Meaning::Proxy,
    ),
    (
        &[
            "Name or service not known",
            "Temporary failure in name resolution",
            "No address associated with hostname",
            "nodename nor servname",
            "Failed to resolve",
            "Could not resolve",
            "NameResolutionError",
            "getaddrinfo",
        ],
        Meaning::UnknownHost,
    ),
    (
        &[
            "Unable to locate credentials",
            "Partial credentials",
            "config profile",
            "Error loading SSO Token",
            "No credentials",
        ],
        Meaning::NoCredentials,
    ),
    (
        &[
            "Could not connect to the endpoint",
            "Connection was closed",
            "Connection refused",
            "Connection reset",
            "Network is unreachable",
            "No route to host",
            "Connect timeout",
            "Read timeout",
            "timed out",
        ],
        Meaning::NotReached,
    ),
    // After what may stand in an address or a name of a profile.
    (
        &[
            "Token has expired",
            "token is expired",
            "session associated with this profile has expired",
            "credentials have expired",
            "refresh failed",
            "Credentials were refreshed, but the refreshed credentials are still expired",
            "Error when retrieving credentials",
            "Error when retrieving token",
            "has expired or is otherwise invalid",
        ],
        Meaning::Expired,
    ),
];

impl Meaning {
    /// Of what a failed command wrote.
    pub(crate) fn of(wrote: &str) -> Self {
        match code(wrote) {
            Some(code) => Self::of_code(code, wrote),
            None => PHRASES
                .iter()
                .find(|(phrases, _)| phrases.iter().any(|phrase| wrote.contains(phrase)))
                .map_or(Self::Other, |(_, meaning)| *meaning),
        }
    }

    fn of_code(code: &str, wrote: &str) -> Self {
        let late = OLD_SIGNATURES.iter().any(|phrase| wrote.contains(phrase));
        match code {
            _ if CLOCK.contains(&code) => Self::Clock,
            _ if EXPIRED.contains(&code) && late => Self::Clock,
            _ if EXPIRED.contains(&code) => Self::Expired,
            _ if DENIED.contains(&code) => Self::Denied,
            _ if BUSY.contains(&code) => Self::Busy,
            _ => Self::Other,
        }
    }
}

/// AWS' name for the fault, where it answered: `An error occurred (AccessDenied) when calling …`.
fn code(wrote: &str) -> Option<&str> {
    let (_, rest) = wrote.split_once("An error occurred (")?;
    rest.split_once(") when calling ").map(|(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As AWS answers it.
    fn answered(code: &str, message: &str) -> String {
        format!(
            "An error occurred ({code}) when calling the CreateChangeSet operation (reached max retries: 4): {message}"
        )
    }

    #[test]
    fn answers_of_aws_are_told_apart_by_their_code() {
        for (code, message, meaning) in [
            (
                "ExpiredToken",
                "The security token included in the request is expired",
                Meaning::Expired,
            ),
            (
                "InvalidClientTokenId",
                "The security token included in the request is invalid",
                Meaning::Expired,
            ),
            (
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match",
                Meaning::Expired,
            ),
            (
                "SignatureDoesNotMatch",
                "Signature expired: 20260101T000000Z is now earlier than 20260102",
                Meaning::Clock,
            ),
            (
                "InvalidSignatureException",
                "Signature not yet current: 20270101T000000Z",
                Meaning::Clock,
            ),
            (
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time",
                Meaning::Clock,
            ),
            (
                "AccessDenied",
                "User: arn:aws:iam::1:user/x is not authorized to perform: x",
                Meaning::Denied,
            ),
            (
                "AccessDenied",
                "arn:aws:iam::1:role/has expired-timed out is not authorized",
                Meaning::Denied,
            ),
            ("Throttling", "Rate exceeded", Meaning::Busy),
            ("RequestLimitExceeded", "Request limit exceeded.", Meaning::Busy),
            ("ServiceUnavailable", "Service is unavailable", Meaning::Busy),
            ("503", "Service Unavailable", Meaning::Busy),
            (
                "ValidationError",
                "certificate has expired; security token; AccessDenied; timed out",
                Meaning::Other,
            ),
            (
                "AlreadyExistsException",
                "ChangeSet xtask already exists",
                Meaning::Other,
            ),
        ] {
            let wrote = answered(code, message);
            assert_eq!(Meaning::of(&wrote), meaning, "{wrote}");
        }
    }

    #[test]
    fn messages_without_an_answer_are_told_apart() {
        for (wrote, meaning) in [
            (
                "SSL validation failed for https://sts.eu-central-1.amazonaws.com/ [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify \
                 failed: certificate has expired (_ssl.c:1006)",
                Meaning::Certificate,
            ),
            (
                "SSL validation failed for https://a/ [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate \
                 in certificate chain (_ssl.c:1006)",
                Meaning::Certificate,
            ),
            (
                "Could not find a suitable TLS CA certificate bundle, invalid path: /nowhere",
                Meaning::Certificate,
            ),
            (
                "Failed to connect to proxy URL: \"http://proxy:3128\"",
                Meaning::Proxy,
            ),
            (
                "Could not connect to the endpoint URL: Tunnel connection failed: 407 Proxy Authentication Required",
                Meaning::Proxy,
            ),
            (
                "Could not connect to the endpoint URL: \"https://sts.nowhere\": Name or service not known",
                Meaning::UnknownHost,
            ),
            (
                "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
                Meaning::NoCredentials,
            ),
            (
                "The config profile (nobody) could not be found",
                Meaning::NoCredentials,
            ),
            (
                "The config profile (has expired) could not be found",
                Meaning::NoCredentials,
            ),
            (
                "The SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws \
                 sso login with the corresponding profile.",
                Meaning::Expired,
            ),
            (
                "Error when retrieving token from sso: Token has expired and refresh failed",
                Meaning::Expired,
            ),
            (
                "Could not connect to the endpoint URL: \"http://127.0.0.1:1/\"",
                Meaning::NotReached,
            ),
            (
                "Read timeout on endpoint URL: \"https://a/\"",
                Meaning::NotReached,
            ),
            ("Template format error: has expired", Meaning::Other),
        ] {
            assert_eq!(Meaning::of(wrote), meaning, "{wrote}");
        }
    }
}
