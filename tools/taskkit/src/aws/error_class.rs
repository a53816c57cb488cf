//! What kind of error AWS' command line wrote of: its exit status is the same for most of them.
//!
//! A code of AWS' own goes before any phrase: its messages quote names and texts of other people.

/// The kind of error that kept a command from being carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
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

/// What the command line says where it had no answer of AWS. The first that fits counts: a
/// certificate expires too, and what a proxy refuses is also no connection.
const PHRASES: &[(&[&str], ErrorClass)] = &[
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
        ErrorClass::Certificate,
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
        ErrorClass::Proxy,
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
        ErrorClass::UnknownHost,
    ),
    (
        &[
            "Unable to locate credentials",
            "Partial credentials",
            "config profile",
            "Error loading SSO Token",
            "No credentials",
        ],
        ErrorClass::NoCredentials,
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
        ErrorClass::NotReached,
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
        ErrorClass::Expired,
    ),
];

impl ErrorClass {
    /// Of what a failed command wrote.
    pub fn of(wrote: &str) -> Self {
        match code(wrote) {
            Some(code) => Self::of_code(code, wrote),
            None => PHRASES
                .iter()
                .find(|(phrases, _)| phrases.iter().any(|phrase| wrote.contains(phrase)))
                .map_or(Self::Other, |(_, class)| *class),
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

// wing: release-tests
#[cfg(test)]
mod tests;
// end of wing
