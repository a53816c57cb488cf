//! What can be wrong with an account or a stack, each with the next step.

use taskkit::aws::ErrorClass;
use taskkit::aws::partition::PARAMETERS;

use crate::parameters::PROJECT;

/// A fault that has a name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AwsError {
    #[error(
        "the AWS CLI, `aws`, is not on PATH; install it: https://docs.aws.amazon.com/cli (the Debian package is `awscli`)"
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
        "these credentials belong to account {found}, but {PARAMETERS} says {expected}; change the profile or the file"
    )]
    OtherAccount { found: String, expected: String },
    #[error(
        "AWS refuses the signature for its time: the clock of this machine is wrong; set it (`timedatectl set-ntp true`) and run this \
         again ({detail})"
    )]
    Clock { detail: String },
    #[error(
        "the certificate of the other side is not accepted, so nothing was sent, and the credentials are not at fault; behind a proxy \
         that reads along, name its CA in AWS_CA_BUNDLE; check the clock of this machine too ({detail})"
    )]
    Certificate { detail: String },
    #[error(
        "the proxy of this machine does not lead to AWS; check HTTPS_PROXY and NO_PROXY, with user and password if it wants them \
         ({detail})"
    )]
    Proxy { detail: String },
    #[error(
        "the host of AWS has no address; check that the region in {PARAMETERS} exists and that this machine resolves names ({detail})"
    )]
    UnknownHost { detail: String },
    #[error("AWS has too much to do or got too many requests; wait a minute and run this again ({detail})")]
    Overloaded { detail: String },
    #[error("AWS cannot be reached; check the network and the region, and run this again ({detail})")]
    NotReached { detail: String },
    #[error(
        "{template} needs {}; put it below [{environment}] in {PARAMETERS} or give --set NAME=VALUE. OidcProvider is the issuer of the \
         environment's cluster without https://: aws eks describe-cluster --name {project}-{environment} --query \
         cluster.identity.oidc.issuer --output text", missing.join(", ")
    )]
    ParameterMissing {
        template: String,
        missing: Vec<&'static str>,
        environment: &'static str,
        project: String,
    },
    #[error(
        "{PARAMETERS} names {repository}, but not GitHub's numbers for it, without which no token of it is trusted; write them: cargo xtask \
         fork --repository https://github.com/{repository}.git"
    )]
    NumbersMissing { repository: String },
    #[error("stack {stack} is {status}: a change is under way; try again when it is done")]
    Busy { stack: String, status: String },
    #[error("stack {stack} is {status}, and what becomes of it is for a person to decide; next: {next}")]
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
        "stack {stack} would take in table {table}, whose tag {PROJECT} says that it is of {owner} and not of {project}: an account has room \
         for one copy of the template; deploy to another account, or, if the table is yours, change its tag (`aws dynamodb tag-resource \
         --resource-arn {arn} --tags Key={PROJECT},Value={project}`)"
    )]
    OtherProject {
        stack: String,
        table: String,
        arn: String,
        owner: String,
        project: String,
    },
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
    #[error("stack {stack} was not removed and is {status}; mend what follows and run this again: {reasons}")]
    NotRemoved {
        stack: String,
        status: String,
        reasons: String,
    },
    #[error("destroy removes the stacks of {environment}; to confirm that, add: --yes {environment}")]
    NotConfirmed { environment: &'static str },
    #[error("`aws {command}` failed: {detail}")]
    Command { command: String, detail: String },
}

impl AwsError {
    /// What a failed command meant by what it wrote.
    pub(crate) fn of(command: &str, wrote: &str) -> Self {
        let detail = wrote
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        match ErrorClass::of(&detail) {
            ErrorClass::Expired => Self::Expired { detail },
            ErrorClass::NoCredentials => Self::NoCredentials { detail },
            ErrorClass::Denied => Self::Denied { detail },
            ErrorClass::Clock => Self::Clock { detail },
            ErrorClass::Certificate => Self::Certificate { detail },
            ErrorClass::Proxy => Self::Proxy { detail },
            ErrorClass::UnknownHost => Self::UnknownHost { detail },
            ErrorClass::NotReached => Self::NotReached { detail },
            ErrorClass::Busy => Self::Overloaded { detail },
            ErrorClass::Other => Self::Command {
                command: command.to_owned(),
                detail,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_wrote_is_told_in_one_line() {
        let of = |wrote| AwsError::of("s3 rm", wrote).to_string();
        assert_eq!(
            of("\nfatal error:\n  no\n"),
            "`aws s3 rm` failed: fatal error: no"
        );
        let expired = of("\nAn error occurred (ExpiredToken) when calling the X operation: y\n");
        assert!(
            expired.ends_with(
                "(`aws sso login`) (An error occurred (ExpiredToken) when calling the X operation: y)"
            ),
            "{expired}"
        );
    }
}
