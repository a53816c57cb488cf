//! `cargo xtask aws`: the stacks of an account.

use crate::environment::{Environment, named};
use clap::{Args, Parser, Subcommand};

/// Plan, deploy or destroy the CloudFormation stacks of infra/aws (docs/AWS.md)
#[derive(Debug, Parser)]
#[command(name = "stacks", bin_name = "cargo xtask aws", max_term_width = 110)]
pub struct Aws {
    #[command(subcommand)]
    pub(crate) verb: AwsVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AwsVerb {
    /// Show what `deploy` would change, stack by stack; changes nothing
    Plan(AwsTarget),
    /// Create or update the shared stacks, then those of the environment
    Deploy(AwsDeploy),
    /// Delete the environment's stacks, and with the last environment the shared ones; a protected
    /// table is kept
    Destroy(AwsDestroy),
}

#[derive(Debug, Args)]
pub(crate) struct AwsTarget {
    #[arg(value_parser = named, value_name = "ENV")]
    pub(crate) environment: Environment,
    /// Address of an emulator to use instead of AWS
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Only this template of infra/aws, such as `registry`; may be given more than once
    #[arg(long, value_name = "PART")]
    pub(crate) only: Vec<String>,
    /// Override a parameter of infra/aws/parameters.toml; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct AwsDeploy {
    #[command(flatten)]
    pub(crate) target: AwsTarget,
    /// Allow a change that replaces or deletes the table; back up its messages first
    #[arg(long)]
    pub(crate) replace_table: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AwsDestroy {
    #[command(flatten)]
    pub(crate) target: AwsTarget,
    /// Confirm with the environment's name
    #[arg(long, value_parser = named, value_name = "ENV")]
    pub(crate) yes: Option<Environment>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

// wing: house-rules
#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory as _;
    use documents::Own;

    use super::*;

    #[test]
    fn each_command_that_documents_name_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let faults = documents::faults(&root, &Aws::command(), Own::Behind("aws"));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
// end of wing
