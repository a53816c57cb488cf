//! Pull requests of AWS CodeCommit, asked through the `aws` program: it has the role, the region
//! and the signatures.

mod comments;

use anyhow::Result;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;
use xshell::{Shell, cmd};

use super::{Error, Forge, Open, Proposal, Status};
use crate::environment::main_branch;
use taskkit::aws::ErrorClass;

/// Signs that the service takes as a description.
const LONGEST_DESCRIPTION: usize = 10_240;

pub(crate) struct CodeCommit<'a> {
    pub(crate) sh: &'a Shell,
    pub(crate) repository: &'a str,
    /// The roles whose comments are reports, without the environments.
    pub(crate) reporter: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    pull_request_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Got {
    pull_request: PullRequest,
}

#[derive(Deserialize)]
struct PullRequest {
    #[serde(rename = "pullRequestId")]
    id: String,
    /// It may have been closed since it was listed.
    #[serde(rename = "pullRequestStatus")]
    status: Option<String>,
    #[serde(rename = "pullRequestTargets")]
    targets: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    repository_name: String,
    source_reference: String,
    destination_reference: String,
}

impl Forge for CodeCommit<'_> {
    fn open_proposals(&self, prefix: &str) -> Result<Vec<Open>> {
        let listed: Listed = self.ask(&[
            "list-pull-requests",
            "--repository-name",
            self.repository,
            "--pull-request-status",
            "OPEN",
        ])?;
        let mut open = Vec::new();
        for id in listed.pull_request_ids {
            let Got { pull_request } = self.ask(&["get-pull-request", "--pull-request-id", &id])?;
            open.extend(self.ours(&pull_request, prefix));
        }
        Ok(open)
    }

    fn open(&self, proposal: &Proposal) -> Result<(), Error> {
        let targets = json!([{
            "repositoryName": self.repository,
            "sourceReference": proposal.branch,
            "destinationReference": proposal.base,
        }]);
        let _: IgnoredAny = self.ask(&[
            "create-pull-request",
            "--title",
            &proposal.title,
            "--description",
            &description(&proposal.text),
            "--targets",
            &targets.to_string(),
        ])?;
        Ok(())
    }

    fn close(&self, proposal: &Open, reason: &str) -> Result<()> {
        // A comment would have to name two commits; the description is where people look.
        let _: IgnoredAny = self.ask(&[
            "update-pull-request-description",
            "--pull-request-id",
            &proposal.id,
            "--description",
            &description(reason),
        ])?;
        let _: IgnoredAny = self.ask(&[
            "update-pull-request-status",
            "--pull-request-id",
            &proposal.id,
            "--pull-request-status",
            "CLOSED",
        ])?;
        Ok(())
    }

    fn statuses(&self, commit: &str) -> Result<Option<Vec<Status>>> {
        let Some(reporter) = self.reporter else {
            return Ok(None);
        };
        Ok(Some(self.reports(commit, reporter)?))
    }
}

impl CodeCommit<'_> {
    /// CodeCommit has no forks, but everybody who may push may propose to another branch.
    fn ours(&self, pull_request: &PullRequest, prefix: &str) -> Option<Open> {
        let PullRequest { id, status, targets } = pull_request;
        let target = targets.iter().find(|target| {
            target.repository_name == self.repository
                && branch(&target.destination_reference) == main_branch()
                && branch(&target.source_reference).starts_with(prefix)
        })?;
        let is_open = status.as_deref().is_none_or(|status| status == "OPEN");
        is_open.then(|| Open {
            id: id.clone(),
            branch: branch(&target.source_reference).to_owned(),
            reference: format!("pull request {id} of {}", self.repository),
        })
    }

    fn ask<T: DeserializeOwned>(&self, args: &[&str]) -> Result<T, Error> {
        let what = || format!("aws codecommit {}", args[0]);
        let output = cmd!(self.sh, "aws codecommit {args...} --output json")
            .env("AWS_PAGER", "")
            .quiet()
            .ignore_status()
            .output()
            .map_err(|error| Error::Unreachable(what(), error.to_string()))?;
        if output.status.success() {
            return serde_json::from_slice(&output.stdout)
                .map_err(|error| Error::Unexpected(what(), error.to_string()));
        }
        Err(refusal(what(), String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// As much of a text as a description may hold. The commit of a proposal has all of it.
fn description(text: &str) -> String {
    text.chars().take(LONGEST_DESCRIPTION).collect()
}

fn branch(reference: &str) -> &str {
    reference.strip_prefix("refs/heads/").unwrap_or(reference)
}

fn refusal(what: String, said: &str) -> Error {
    let text = said.to_owned();
    match ErrorClass::of(said) {
        ErrorClass::NoCredentials | ErrorClass::Expired | ErrorClass::Denied => {
            Error::Credentials(what, text, "the role of this run")
        }
        ErrorClass::NotReached
        | ErrorClass::Certificate
        | ErrorClass::Proxy
        | ErrorClass::UnknownHost
        | ErrorClass::Clock => Error::Unreachable(what, text),
        ErrorClass::Busy => Error::Limited(what, "in some minutes".to_owned()),
        ErrorClass::Other => Error::Unexpected(what, text),
    }
}
