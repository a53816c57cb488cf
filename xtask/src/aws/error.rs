//! What can be wrong with an account or a stack, each with the next step; and how the command line's words tell which it is.

use crate::aws::parameters::FILE;

/// A fault that has a name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AwsError {
    #[error(
        "the command line of AWS is not on PATH; install it: https://docs.aws.amazon.com/cli (the Debian package is `awscli`)"
    )]
    NoCommandLine,
    #[error("there are no credentials for AWS; sign in (`aws sso login`) or set AWS_PROFILE ({detail})")]
    NoCredentials { detail: String },
    #[error(
        "the credentials for AWS have expired or are not valid; sign in again (`aws sso login`) ({detail})"
    )]
    Expired { detail: String },
    #[error("these credentials may not do this; a role with more rights is needed ({detail})")]
    Denied { detail: String },
    #[error(
        "these credentials belong to account {found}, but {FILE} says {expected}; change the profile or the file"
    )]
    OtherAccount { found: String, expected: String },
    #[error("AWS does not answer ({detail})")]
    NotReached { detail: String },
    #[error(
        "{template} needs {}; put it below [{environment}] in {FILE} or give --set NAME=VALUE. OidcProvider is the issuer of the \
         environment's cluster without https://: aws eks describe-cluster --name {project}-{environment} --query \
         cluster.identity.oidc.issuer --output text", missing.join(", ")
    )]
    ParameterMissing {
        template: String,
        missing: Vec<&'static str>,
        environment: &'static str,
        project: String,
    },
    #[error("stack {stack} is {status}: a change is under way; try again when it is done")]
    Busy { stack: String, status: String },
    #[error("stack {stack} is {status}, which nothing but a person should decide about; next: {next}")]
    Stuck {
        stack: String,
        status: String,
        next: String,
    },
    #[error(
        "stack {stack} would replace or remove {tables}, and the messages in it; if that is meant, take a backup and give \
         --replace-table"
    )]
    ReplacesTable { stack: String, tables: String },
    #[error(
        "AWS refuses the change of stack {stack} before anything is done; mend what follows and run this again: {reasons}"
    )]
    Refused { stack: String, reasons: String },
    #[error(
        "stack {stack} ended as {status}; mend what follows and deploy again, which goes on from what is there: {reasons}"
    )]
    Failed {
        stack: String,
        status: String,
        reasons: String,
    },
    #[error(
        "destroy removes the stacks of {environment}; to say that it is meant, give: --yes {environment}"
    )]
    NotConfirmed { environment: &'static str },
    #[error("`aws {command}` failed: {detail}")]
    Command { command: String, detail: String },
}

/// How the command line's messages tell what is wrong.
const EXPIRED: &[&str] = &[
    "ExpiredToken",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "has expired",
    "token is expired",
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
];

impl AwsError {
    /// What a failed command meant by what it wrote.
    pub(crate) fn of(command: &str, wrote: &str) -> Self {
        let detail = wrote
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let says = |words: &[&str]| words.iter().any(|word| detail.contains(word));
        if says(EXPIRED) {
            Self::Expired { detail }
        } else if says(NO_CREDENTIALS) {
            Self::NoCredentials { detail }
        } else if says(DENIED) {
            Self::Denied { detail }
        } else if says(NOT_REACHED) {
            Self::NotReached { detail }
        } else {
            Self::Command {
                command: command.to_owned(),
                detail,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_command_line_are_told_apart() {
        let of = |wrote| AwsError::of("sts get-caller-identity", wrote);
        assert!(matches!(
            of(
                "\nAn error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token included in \
                 the request is expired"
            ),
            AwsError::Expired { .. }
        ));
        assert!(matches!(
            of("Unable to locate credentials. You can configure credentials by running \"aws configure\"."),
            AwsError::NoCredentials { .. }
        ));
        assert!(matches!(
            of("The config profile (nobody) could not be found"),
            AwsError::NoCredentials { .. }
        ));
        assert!(matches!(
            of(
                "An error occurred (AccessDenied) when calling the CreateChangeSet operation: User: arn:aws:iam::1:user/x is not \
                 authorized to perform: cloudformation:CreateChangeSet"
            ),
            AwsError::Denied { .. }
        ));
        assert!(matches!(
            of("Could not connect to the endpoint URL: \"http://127.0.0.1:1/\""),
            AwsError::NotReached { .. }
        ));
        assert!(matches!(
            of("An error occurred (ValidationError): Template format error"),
            AwsError::Command { .. }
        ));
    }
}
