//! Comments on commits of AWS `CodeCommit`, which has no statuses. Each is a status in JSON; who
//! has written it is on record, and the verbs believe the role of the verifier alone.

#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

use super::client::Client;
use super::{Forge, Report};
use crate::aws::{Role, Service};
use crate::settings::ForgeSettings;
use crate::soak::Word;

/// More comments than anybody makes on one commit.
const PAGES: usize = 20;

/// One repository of `CodeCommit`.
pub(super) struct CodeCommit {
    client: Client,
    repository: String,
    role: Role,
}

#[derive(Debug, Deserialize)]
struct Got {
    commit: Commit,
}

#[derive(Debug, Deserialize)]
struct Commit {
    parents: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    comments_for_compared_commit_data: Vec<Comparison>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Comparison {
    comments: Vec<Comment>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    #[serde(default)]
    content: String,
    creation_date: f64,
    author_arn: String,
}

impl CodeCommit {
    pub(super) fn new(settings: &ForgeSettings) -> Result<Self> {
        Ok(Self {
            client: Client::new(settings)?,
            repository: settings.repository.clone(),
            role: Role::from_env()?,
        })
    }

    /// Calls an action of the API.
    fn call<T: DeserializeOwned>(&self, action: &str, body: &Value) -> Result<T> {
        let service = Service {
            name: "codecommit",
            target: "CodeCommit_20150413",
            content: "application/x-amz-json-1.1",
            endpoint: &self.client.api,
        };
        service.ask(&self.client.agent, &self.role, action, body)
    }

    /// What names a commit to the actions on comments: together with its first parent.
    fn compared(&self, commit: &str) -> Result<Value> {
        let body = json!({ "repositoryName": self.repository, "commitId": commit });
        let got: Got = self.call("GetCommit", &body)?;
        let mut named = json!({ "repositoryName": self.repository, "afterCommitId": commit });
        if let Some(parent) = got.commit.parents.first() {
            named["beforeCommitId"] = json!(parent);
        }
        Ok(named)
    }
}

impl Forge for CodeCommit {
    fn told(&self, name: &str, commit: &str) -> Result<Option<Word>> {
        let mut asked = self.compared(commit)?;
        let mut newest: Option<(f64, Report)> = None;
        for _ in 0..PAGES {
            let page: Page = self.call("GetCommentsForComparedCommit", &asked)?;
            let comparisons = page.comments_for_compared_commit_data.into_iter();
            for comment in comparisons.flat_map(|comparison| comparison.comments) {
                let at = comment.creation_date;
                let report = self.role.is(&comment.author_arn).then_some(&comment.content);
                let report = report.and_then(|text| serde_json::from_str::<Report>(text).ok());
                newest = match (report, newest) {
                    (Some(one), known)
                        if one.context == name && known.as_ref().is_none_or(|(then, _)| *then <= at) =>
                    {
                        Some((at, one))
                    }
                    (_, known) => known,
                };
            }
            match page.next_token {
                Some(token) => asked["nextToken"] = json!(token),
                None => break,
            }
        }
        Ok(newest.and_then(|(_, report)| report.word()))
    }

    fn tell(&self, name: &str, commit: &str, word: &Word) -> Result<()> {
        let mut comment = self.compared(commit)?;
        let report = serde_json::to_string(&Report::new(name, word)).context("write a report")?;
        comment["content"] = json!(report);
        // What was sent twice is taken once, for a day; the same may be said again later.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        comment["clientRequestToken"] = json!(format!("verifier-{}", now.as_nanos()));
        self.call::<IgnoredAny>("PostCommentForComparedCommit", &comment)?;
        Ok(())
    }
}
