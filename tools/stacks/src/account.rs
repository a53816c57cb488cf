//! The account, asked through AWS' own command line.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::mem;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::error::AwsError;

/// An account and region, real or emulated.
pub(crate) struct Account<'sh> {
    pub(crate) sh: &'sh Shell,
    pub(crate) region: String,
    /// An emulator's address in place of AWS' own.
    pub(crate) endpoint: Option<String>,
}

impl Account<'_> {
    /// Runs `aws` with these arguments; what it answers, null when it answers nothing.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<Value> {
        let region = &self.region;
        let mut aws = cmd!(self.sh, "aws --region {region} --output json").args(arguments);
        if let Some(endpoint) = &self.endpoint {
            aws = aws.args(["--endpoint-url", endpoint]);
        }
        let output = Command::from(aws.env("AWS_PAGER", "")).output();
        let output = match output {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(AwsError::NoCommandLine.into()),
            other => other.context("start the command line of AWS")?,
        };
        if !output.status.success() {
            let command = arguments[..arguments.len().min(2)].join(" ");
            return Err(AwsError::of(&command, &String::from_utf8_lossy(&output.stderr)).into());
        }
        let text = String::from_utf8(output.stdout).context("read an answer of AWS")?;
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("read an answer of AWS: {text}"))
    }

    /// Every stack by its name.
    pub(crate) fn stacks(&self) -> Result<BTreeMap<String, Value>> {
        let mut answer = self.ask(&["cloudformation", "describe-stacks"])?;
        let stacks = answer["Stacks"].as_array_mut().map(mem::take).unwrap_or_default();
        let named = |stack: Value| Some((stack["StackName"].as_str()?.to_owned(), stack));
        Ok(stacks.into_iter().filter_map(named).collect())
    }

    /// An error unless the credentials are good, and of this account.
    pub(crate) fn expect(&self, account: &str) -> Result<()> {
        let identity = self.ask(&["sts", "get-caller-identity"])?;
        let found = identity["Account"].as_str().unwrap_or_default();
        if found != account {
            let (found, expected) = (found.to_owned(), account.to_owned());
            return Err(AwsError::OtherAccount { found, expected }.into());
        }
        println!(
            "account   {account} in {} as {}",
            self.region,
            identity["Arn"].as_str().unwrap_or_default()
        );
        Ok(())
    }
}
