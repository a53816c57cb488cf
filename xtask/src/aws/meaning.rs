//! What the words of AWS' command line mean: its exit status is the same for most faults.

/// What kept a command from being carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// There are no credentials.
    NoCredentials,
    /// They have expired, or are not valid.
    Expired,
    /// They are good, but do not allow this.
    Denied,
    /// Nobody answers at the address.
    NotReached,
    /// Something that belongs to this one command.
    Other,
}

const EXPIRED: &[&str] = &[
    "ExpiredToken",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignature",
    "AuthFailure",
    "has expired",
    "token is expired",
    "security token",
];
const NO_CREDENTIALS: &[&str] = &[
    "Unable to locate credentials",
    "Partial credentials",
    "config profile",
    "Error loading SSO Token",
];
const DENIED: &[&str] = &[
    "AccessDenied",
    "not authorized to perform",
    "UnauthorizedOperation",
];
const NOT_REACHED: &[&str] = &[
    "Could not connect to the endpoint",
    "Connection was closed",
    "Connect timeout",
    "Read timeout",
    "timed out",
];

impl Meaning {
    /// Of what a failed command wrote.
    pub(crate) fn of(wrote: &str) -> Self {
        let kinds = [
            (EXPIRED, Self::Expired),
            (NO_CREDENTIALS, Self::NoCredentials),
            (DENIED, Self::Denied),
            (NOT_REACHED, Self::NotReached),
        ];
        kinds
            .into_iter()
            .find(|(words, _)| words.iter().any(|word| wrote.contains(word)))
            .map_or(Self::Other, |(_, meaning)| meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_command_line_are_told_apart() {
        for (wrote, meaning) in [
            (
                "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token included in the \
                 request is expired",
                Meaning::Expired,
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
                "An error occurred (AccessDenied) when calling the CreateChangeSet operation: User: arn:aws:iam::1:user/x is not \
                 authorized to perform: cloudformation:CreateChangeSet",
                Meaning::Denied,
            ),
            (
                "Could not connect to the endpoint URL: \"http://127.0.0.1:1/\"",
                Meaning::NotReached,
            ),
            (
                "An error occurred (ValidationError): Template format error",
                Meaning::Other,
            ),
        ] {
            assert_eq!(Meaning::of(wrote), meaning, "{wrote}");
        }
    }
}
