//! What can be wrong with a shift, each with the next step. Who reads one has the traffic back
//! where it was, unless the text says otherwise.

/// A fault that has a name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(
        "the weights of the balancer ({found}) add up to {sum} and not to 100; set them so that they do, and run this again"
    )]
    DoNotAddUp { found: String, sum: u64 },
    #[error("the balancer has no target {name}; it has: {targets}")]
    NoSuchTarget { name: String, targets: String },
    #[error(
        "the balancer has {found}, and the list of its targets {declared}; mend infra/clusters/balancers.toml"
    )]
    OtherTargets { found: String, declared: String },
    #[error(
        "the balancer has forgotten the weights, or somebody else has set them: it has {found}, {set} was set; it may have been \
         restarted"
    )]
    Forgotten { found: String, set: String },
    #[error("nobody is in {target}: {said}; it gets no traffic")]
    Nobody { target: String, said: String },
    #[error(
        "the app in {target} is not ready, so it gets no traffic: {said}; it says why itself, and a schema that is not migrated yet is \
         the usual reason"
    )]
    NotReady { target: String, said: String },
    #[error(
        "{target} does badly: of {requests} requests {failed} failed and {late} were not answered in time"
    )]
    Bad {
        target: String,
        requests: u64,
        failed: u64,
        late: u64,
    },
    #[error(
        "{target} had {requests} answered requests in {waited} s at weight {weight}, and {needed} good ones are needed to go on; wait for \
         more traffic, or give a first step with a larger share"
    )]
    NoData {
        target: String,
        requests: u64,
        needed: u64,
        waited: u64,
        weight: u32,
    },
    #[error(
        "{target} answered {requests} requests well enough, and then none for {quiet} s or more; it may hang, or nobody asks it"
    )]
    Silent {
        target: String,
        requests: u64,
        quiet: u64,
    },
    #[error("{by} moves the traffic to {to} until {until} at least; wait for its end")]
    Taken { by: String, to: String, until: String },
    #[error(
        "another shift has taken over, or the balancer has forgotten this one's claim, which was not renewed in time; this one has set \
         nothing more, and `cargo xtask shift status` says where the traffic is"
    )]
    ClaimLost,
    #[error("it was asked to stop")]
    Stopped,
    #[error("{arn} is no ARN of a listener; mend infra/clusters/balancers.toml")]
    NoListener { arn: String },
    #[error("the AWS CLI, `aws`, is not on PATH; install it: https://docs.aws.amazon.com/cli")]
    NoCommandLine,
    #[error(
        "there are no credentials for AWS, or they have expired or are not valid; sign in again (`aws sso login`) ({said})"
    )]
    Expired { said: String },
    #[error(
        "these credentials may not do this; the policy that infra/aws/traffic.yaml makes has what is needed ({said})"
    )]
    Denied { said: String },
    #[error("AWS got too many requests, or has too much to do; try again in a minute ({said})")]
    Throttled { said: String },
    #[error("the balancer cannot be asked: {said}")]
    Unreachable { said: String },
    #[error("Prometheus does not say what was counted: {said}")]
    NotCounted { said: String },
    #[error("Prometheus does not count what it was asked for; mend infra/clusters/balancers.toml: {said}")]
    NoCounter { said: String },
    #[error("the balancer refuses {what}: {said}")]
    Refused { what: String, said: String },
}

impl Fault {
    /// Whether no other attempt goes better, until a person has changed something. What is refused
    /// in words of its own may be so for a moment.
    pub(crate) fn lasts(&self) -> bool {
        matches!(
            self,
            Self::Denied { .. } | Self::NoCommandLine | Self::NoListener { .. }
        )
    }

    /// Whether another attempt may go better.
    pub(crate) fn passes(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Expired { .. }
                | Self::Throttled { .. }
                | Self::NotCounted { .. }
        )
    }
}
