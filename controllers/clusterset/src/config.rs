//! All settings, read once at start from arguments and environment; a bad value ends the program
//! and names its variable.
//!
//! Region, endpoint and credentials of AWS are the SDK's own variables, and which cluster is the
//! hub is found as `kubectl` finds it: by the pod's account, or by `KUBECONFIG`.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serverkit::config::{Listen, Log, not_blank, seconds};

/// Makes clusters of EKS targets of Argo CD, by their tags.
#[derive(Debug, Parser)]
#[command(name = "clusterset", version)]
pub struct Config {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// What to log.
    #[command(flatten)]
    pub log: Log,
}

/// What this program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Keep the hub's Secrets as the tags of the clusters say, until SIGTERM or SIGINT.
    Run(Box<Run>),
    /// Print what EKS says of its clusters, as JSON; needs no hub and changes nothing.
    Observe(Eks),
}

/// How EKS is asked.
#[derive(Clone, Debug, Args)]
pub struct Eks {
    /// How many clusters a page of the list has; EKS allows 1 to 100.
    #[arg(long, env = "EKS_PAGE_SIZE", default_value_t = 100, value_parser = clap::value_parser!(i32).range(1..=100))]
    pub eks_page_size: i32,
}

/// Settings of `run`.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// How EKS is asked.
    #[command(flatten)]
    pub eks: Eks,

    /// What a cluster's Secret says.
    #[command(flatten)]
    pub secrets: Secrets,

    /// The namespace of Argo CD.
    #[arg(long, env = "ARGOCD_NAMESPACE", default_value = "argocd", value_parser = not_blank)]
    pub argocd_namespace: String,

    /// Who this is among those that share the lease: the pod's name.
    #[arg(long, env = "POD_NAME", value_parser = not_blank)]
    pub pod_name: String,

    /// Seconds between two passes.
    #[arg(long, env = "POLL_SECONDS", default_value = "5", value_parser = seconds)]
    pub poll_seconds: Duration,

    /// Where to listen, and how to stop.
    #[command(flatten)]
    pub listen: Listen,
}

/// What a cluster's Secret says besides what EKS knows.
#[derive(Clone, Debug, Args)]
pub struct Secrets {
    /// Namespaces that Argo CD may look at in a target, separated by commas.
    #[arg(long, env = "TARGET_NAMESPACES", value_parser = not_blank)]
    pub target_namespaces: String,

    /// This hub stands by: Argo CD looks at no cluster until the setting is taken back.
    #[arg(long, env = "STANDBY", default_value_t = false, action = clap::ArgAction::Set)]
    pub standby: bool,

    /// The name of the role that Argo CD takes on in a target is this and the cluster's name.
    #[arg(long, env = "TARGET_ROLE_PREFIX", default_value = "argo-cd-hub-", value_parser = not_blank)]
    pub target_role_prefix: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_well_formed() {
        <Config as clap::CommandFactory>::command().debug_assert();
    }

    fn error(arguments: &[&str]) -> String {
        let needed = ["clusterset", "run", "--pod-name", "a", "--target-namespaces", "b"];
        let all = [&needed[..], arguments].concat();
        Config::try_parse_from(all).unwrap_err().to_string()
    }

    #[test]
    fn bad_values_are_named() {
        for (variable, flag, value) in [
            ("EKS_PAGE_SIZE", "--eks-page-size", "101"),
            ("POLL_SECONDS", "--poll-seconds", "often"),
            ("STANDBY", "--standby", "perhaps"),
        ] {
            let error = error(&[flag, value]);
            assert!(error.contains(flag), "{variable}: {error}");
        }
    }
}
